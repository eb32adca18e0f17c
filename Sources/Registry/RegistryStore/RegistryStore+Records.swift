// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import OCIModel
import StorageTypes

/// A small object to write.
struct SmallWrite: Sendable {
    let key: ObjectKey
    var bytes: [UInt8] = []
    var contentType: String?
}

/// The object store, as the registry's records need it.
extension RegistryStore {
    /// How many writes of one request are on their way at a time: enough to share one group commit.
    private static var writeWindow: Int { 32 }

    /// Nil when there is none.
    func open(_ key: ObjectKey) async throws(RegistryError) -> (any OpenedObject)? {
        do {
            if let opened = try store.openObjectIfCached(bucket: bucket, key: key) { return opened }
            return try await store.openObject(bucket: bucket, key: key)
        } catch {
            guard error.code == .noSuchKey else { throw RegistryError(error) }
            return nil
        }
    }

    func exists(_ key: ObjectKey) async throws(RegistryError) -> Bool {
        try await open(key) != nil
    }

    /// The whole content of a record.
    func bytes(_ object: any OpenedObject) async throws(RegistryError) -> [UInt8] {
        let range = 0..<object.info.size
        if let cached = object.readIfCached(range) { return Array(cached.readableBytesView) }
        let body = object.read(range)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(object.info.size))
        do {
            while let piece = try await body.next() { bytes.append(contentsOf: piece.readableBytesView) }
        } catch {
            throw RegistryError(error)
        }
        return bytes
    }

    @discardableResult
    func put(_ write: SmallWrite, condition: WriteCondition = .none) async throws(StoreError) -> PutObjectResult {
        let request = PutObjectRequest(
            bucket: bucket,
            key: write.key,
            metadata: ObjectMetadata(contentType: write.contentType),
            condition: condition,
            expectedSize: UInt64(write.bytes.count),
        )
        return try await store.putObject(request, body: BufferBody(ByteBuffer(bytes: write.bytes)))
    }

    /// Writes all of them side by side, so that they share a commit; returns when all are durable.
    ///
    /// - Throws: the first failure, when every write has ended: some of the others may have happened.
    func put(_ writes: [SmallWrite]) async throws(RegistryError) {
        var failure: StoreError?
        if writes.count == 1 {
            do { try await put(writes[0]) } catch { failure = error }
        } else {
            failure = await withTaskGroup(of: StoreError?.self) { group in
                var failure: StoreError?
                for (index, write) in writes.enumerated() {
                    if index >= Self.writeWindow, let ended = await group.next() { failure = failure ?? ended }
                    group.addTask {
                        do throws(StoreError) {
                            try await put(write)
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                for await ended in group { failure = failure ?? ended }
                return failure
            }
        }
        if let failure { throw RegistryError(failure) }
    }

    /// Deletes in the order given, up to 1,000 keys in one commit.
    func delete(_ keys: [ObjectKey]) async throws(RegistryError) {
        var rest = keys[...]
        while !rest.isEmpty {
            let batch = rest.prefix(1_000)
            rest = rest.dropFirst(batch.count)
            do throws(StoreError) {
                let outcomes = try await store.deleteObjects(bucket: bucket, batch.map { DeleteRequest(key: $0) })
                if let failure = outcomes.compactMap({ $0 }).first(where: { $0.code != .noSuchKey }) { throw failure }
            } catch {
                throw RegistryError(error)
            }
        }
    }

    /// One page of the names behind `prefix`, in byte order, and whether there are more.
    func names(
        after last: String = "",
        under prefix: String,
        limit: Int
    ) async throws(RegistryError) -> (names: [String], hasMore: Bool) {
        var names: [String] = []
        var after = last.isEmpty ? [] : Array((prefix + last).utf8)
        while true {
            let page: ListResult
            do {
                page = try await store.listObjects(
                    ListRequest(
                        bucket: bucket,
                        prefix: Array(prefix.utf8),
                        after: after,
                        limit: min(limit - names.count, 1_000),
                    )
                )
            } catch {
                throw RegistryError(error)
            }
            names.append(contentsOf: page.objects.map { Layout.name($0.key, after: prefix) })
            guard let next = page.next else { return (names, false) }
            guard names.count < limit else { return (names, true) }
            after = next
        }
    }

    /// Whether the repository holds anything at all.
    package func repositoryExists(_ repository: RepositoryName) async throws(RegistryError) -> Bool {
        try await !names(under: Layout.everything(repository), limit: 1).names.isEmpty
    }
}
