// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
package import StorageTypes

extension ObjectStore {
    /// The hot path of a small GET: two look-ups in memory, on the caller's thread.
    package func openObjectIfCached(
        bucket: BucketName,
        key: ObjectKey
    ) throws(StoreError) -> (any OpenedObject)? {
        let storedKey = ObjectKeys.object(try buckets.find(bucket).id, key.bytes)
        switch try cachedValue(.objects, storedKey) {
        case .unknown: return nil
        case .absent: throw StoreError(.noSuchKey, details: .key(key))
        case .value(let value):
            let record = try Self.visible(value, key)
            // Nil also when an overwrite came between the two look-ups: then the caller's slow path looks again.
            let source: StoredObject.Source
            if record.content.kind == .inline {
                guard let bytes = engine.readIfCached(record.content, 0..<record.size) else { return nil }
                source = .bytes(bytes)
            } else {
                source = .content(engine.pin(record.content))
                guard case .value(value) = try cachedValue(.objects, storedKey) else { return nil }
            }
            return StoredObject(key, storedKey, record, engine, source)
        }
    }

    package func openObject(bucket: BucketName, key: ObjectKey) async throws(StoreError) -> any OpenedObject {
        try await openStored(bucket: bucket, key: key)
    }

    func openStored(bucket: BucketName, key: ObjectKey) async throws(StoreError) -> StoredObject {
        let storedKey = ObjectKeys.object(try buckets.find(bucket).id, key.bytes)
        while true {
            guard let value = try await value(.objects, storedKey) else {
                throw StoreError(.noSuchKey, details: .key(key))
            }
            let record = try Self.visible(value, key)
            if record.content.kind == .inline {
                if let bytes = try await engine.inlineBytes(record.content) {
                    return StoredObject(key, storedKey, record, engine, .bytes(bytes))
                }
                guard try await self.value(.objects, storedKey) != value else {
                    throw StoreError(.corrupted, diagnosis: "the inline bytes of \(bucket)/\(key) are missing")
                }
            } else {
                let pin = engine.pin(record.content)
                if try await self.value(.objects, storedKey) == value {
                    return StoredObject(key, storedKey, record, engine, .content(pin))
                }
            }
            // Overwritten or deleted since the look-up. Look again; each round means that another write was committed.
        }
    }

    /// - Throws: `noSuchKey` for a delete marker.
    private static func visible(_ value: [UInt8], _ key: ObjectKey) throws(StoreError) -> VersionRecord {
        let record = try VersionRecord.decode(value, key)
        guard !record.isDeleteMarker else { throw StoreError(.noSuchKey, details: .key(key)) }
        return record
    }
}
