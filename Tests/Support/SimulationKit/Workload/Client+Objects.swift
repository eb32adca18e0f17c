// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ObjectStore
import StorageTestSupport
import StorageTypes

extension Client {
    func put(_ operation: StoreOperation, _ key: Int, _ content: Int, _ onlyIfAbsent: Bool) async {
        let (bytes, ending) = (life.ledger.contents.contents[content], life.drawEnding(content))
        var request = PutObjectRequest(bucket: Names.bucket, key: Names.key(key))
        if onlyIfAbsent { request.condition.ifNoneMatch = .any }
        if life.generator.coin() { request.expectedSize = UInt64(bytes.count) }
        request.chunking = life.drawChunking()
        let etag = life.ledger.contents.etag(content)
        let body = SimulatedBody(bytes, ending, life.scheduler, seed: life.generator.next())
        await attempt(operation, ending: ending) { () throws(StoreError) in
            let result = try await store.putObject(request, body: body)
            guard result.etag == etag, result.size == UInt64(bytes.count) else { throw Self.wrong("\(result)") }
            return .made(.init(contents: [content], isMultipart: false))
        }
    }

    func delete(_ operation: StoreOperation, _ keys: [Int]) async {
        await attempt(operation) { () throws(StoreError) in
            if let key = keys.first, keys.count == 1 {
                try await store.deleteObject(bucket: Names.bucket, DeleteRequest(key: Names.key(key)))
            } else {
                let requests = keys.map { DeleteRequest(key: Names.key($0)) }
                for case let error? in try await store.deleteObjects(bucket: Names.bucket, requests) { throw error }
            }
            return .done
        }
    }

    func copy(_ operation: StoreOperation, _ source: Int, _ target: Int) async {
        let request = CopyObjectRequest(
            source: (Names.bucket, Names.key(source)),
            bucket: Names.bucket,
            key: Names.key(target)
        )
        await attempt(operation) { () throws(StoreError) in
            .made(try known(try await store.copyObject(request).etag))
        }
    }

    func get(_ operation: StoreOperation, _ key: Int) async {
        var handle: (any OpenedObject)?
        let isHasty = life.generator.coin()
        let isExplained = await attempt(operation) { () throws(StoreError) in
            if isHasty { handle = try store.openObjectIfCached(bucket: Names.bucket, key: Names.key(key)) }
            let object: any OpenedObject
            if let handle {
                object = handle
            } else {
                object = try await store.openObject(bucket: Names.bucket, key: Names.key(key))
            }
            handle = object
            return .made(try known(object.info.etag))
        }
        guard isExplained, let handle, let content = life.ledger.contents.stored(handle.info.etag) else { return }
        if life.generator.chance(1, in: content.isMultipart ? 2 : 8) { return await hold(handle, content) }
        await read(handle, content)
        if life.generator.chance(1, in: 4) { await copyPart(handle, content) }
    }

    /// The handle keeps its bytes, whatever becomes of the object meanwhile.
    private func read(_ object: any OpenedObject, _ content: StoreState.Content) async {
        guard let reading = beginReading(object, content) else { return }
        // Some readers are so slow that the object is deleted and collected under their hands.
        let pause = life.generator.pick([1, 10, 200, 1_500])
        await life.scheduler.sleep(life.generator.below(pause))
        if life.generator.coin(),
            let bytes = object.readIfCached(UInt64(reading.offset)..<UInt64(reading.end))
        {
            return compare(bytes, with: reading)
        }
        await finish(reading, pause: pause)
    }

    /// Reads the object when everybody else is done, or has begun to and goes on then: only who has begun needs parts as they were.
    private func hold(_ object: any OpenedObject, _ content: StoreState.Content) async {
        guard var reading = beginReading(object, content) else { return }
        if content.isMultipart || life.generator.coin(), await !readPiece(&reading) { return }
        life.heldReadings.append(reading)
    }

    private func beginReading(_ object: any OpenedObject, _ content: StoreState.Content) -> Reading? {
        let size = Int(object.info.size)
        guard size == life.ledger.contents.byteCount(content) else {
            life.fail(.bytes, "client \(number): \(object.info.key) has \(size) bytes")
            return nil
        }
        let start = life.generator.coin() ? 0 : life.generator.below(size + 1)
        let end = life.generator.coin() ? size : start + life.generator.below(size - start + 1)
        return Reading(object, content, start..<end)
    }

    func finish(_ reading: Reading, pause: Int = 200) async {
        var reading = reading
        while await readPiece(&reading) { await life.scheduler.sleep(life.generator.below(pause)) }
    }

    /// False at the end.
    private func readPiece(_ reading: inout Reading) async -> Bool {
        do throws(StoreError) {
            guard let piece = try await reading.body.next() else {
                if reading.offset != reading.end {
                    life.fail(.bytes, "client \(number): \(reading.key) ends at \(reading.offset), not \(reading.end)")
                }
                return false
            }
            compare(piece, with: reading)
            reading.offset += piece.readableBytes
            return true
        } catch {
            let isExpected = life.isStruck && (error.code == .ioFailure || error.code == .corrupted)
            if !isExpected { life.fail(.bytes, "client \(number): \(reading.key) from \(reading.offset): \(error)") }
            return false
        }
    }

    private func compare(_ bytes: ByteBuffer, with reading: Reading) {
        let isRight = bytes.withUnsafeReadableBytes {
            life.ledger.contents.holds($0, at: reading.offset, of: reading.content)
        }
        if !isRight { life.fail(.bytes, "client \(number): \(reading.key) has wrong bytes from \(reading.offset) on") }
    }

    /// One page, which is one view of the store.
    func list(_ operation: StoreOperation) async {
        await attempt(operation) { () throws(StoreError) in
            var found: [Int: StoreState.Content] = [:]
            for object in try await store.listObjects(ListRequest(bucket: Names.bucket)).objects {
                guard let key = Names.number(object.key) else { throw Self.wrong("\(object.key)") }
                found[key] = try known(object.etag)
            }
            return .listing(found)
        }
    }

    func known(_ etag: ETag) throws(StoreError) -> StoreState.Content {
        guard let content = life.ledger.contents.stored(etag) else { throw Self.wrong(etag.string) }
        return content
    }

    /// No store throws it, so it is always unexpected.
    static func wrong(_ text: String) -> StoreError {
        StoreError(.notImplemented, "an answer that nobody can have asked for: \(text)")
    }
}
