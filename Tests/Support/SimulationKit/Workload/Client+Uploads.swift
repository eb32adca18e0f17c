// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ObjectStore
import StorageTestSupport
import StorageTypes

extension Client {
    func createUpload(_ operation: StoreOperation, _ upload: Int, _ key: Int) async {
        let request = CreateUploadRequest(
            bucket: Names.bucket,
            key: Names.key(key),
            chunking: life.drawChunking()
        )
        await attempt(operation) { () throws(StoreError) in
            let info = try await store.createUpload(request)
            life.ledger.uploads.name(upload, info.uploadID)
            life.openUploads.append((upload, key))
            return .done
        }
    }

    func putPart(_ operation: StoreOperation, _ upload: Int, _ number: Int, _ content: Int) async {
        guard let reference = life.reference(upload) else { return }
        let (bytes, ending) = (life.ledger.contents.contents[content], life.drawEnding(content))
        let etag = life.ledger.contents.etag(content)
        let body = SimulatedBody(bytes, ending, life.scheduler, seed: life.generator.next())
        await attempt(operation, ending: ending) { () throws(StoreError) in
            let part = try await store.uploadPart(
                reference,
                number: number,
                digests: DigestRequest(),
                expectedSize: nil,
                body: body
            )
            guard part.etag == etag, part.number == number else { throw Self.wrong("\(part)") }
            life.knownParts[upload, default: [:]][number] = content
            return .done
        }
    }

    /// Takes the whole of an object that was looked up before, and may be gone by now.
    func copyPart(_ source: any OpenedObject, _ stored: StoreState.Content) async {
        guard let upload = life.openUploads.last?.upload, let reference = life.reference(upload), !stored.isMultipart,
            let content = stored.contents.first
        else { return }
        let number = 1 + life.generator.below(4)
        await attempt(.putPart(upload: upload, number: number, content: content)) { () throws(StoreError) in
            let part = try await store.uploadPartCopy(reference, number: number, source: source, range: nil)
            guard part.etag == source.info.etag, part.number == number else { throw Self.wrong("\(part)") }
            life.knownParts[upload, default: [:]][number] = content
            return .done
        }
    }

    func complete(_ operation: StoreOperation, _ upload: Int, _ parts: [StoreOperation.Part]) async {
        guard let reference = life.reference(upload) else { return }
        life.ledger.contents.expect(parts.map(\.content))
        let request = CompleteUploadRequest(
            upload: reference,
            parts: parts.map { CompletedPart(number: $0.number, etag: life.ledger.contents.etag($0.content)) },
            partSizeMin: 0
        )
        var isCompleted = false
        let isExplained = await attempt(operation) { () throws(StoreError) in
            let result = try await store.completeUpload(request)
            isCompleted = true
            return .made(try known(result.etag))
        }
        guard isExplained, isCompleted else { return }
        life.leave(upload)
        if life.generator.chance(3, in: 4), let key = Names.number(reference.key) { await get(.get(key: key), key) }
    }

    func abort(_ operation: StoreOperation, _ upload: Int) async {
        guard let reference = life.reference(upload) else { return }
        await attempt(operation) { () throws(StoreError) in
            try await store.abortUpload(reference)
            life.leave(upload)
            return .done
        }
    }

    func listParts(_ operation: StoreOperation, _ upload: Int) async {
        guard let reference = life.reference(upload) else { return }
        await attempt(operation) { () throws(StoreError) in
            var parts: [Int: Int] = [:]
            for part in try await store.listParts(reference, after: 0, limit: 1_000).parts {
                guard let content = life.ledger.contents.content(part.etag) else { throw Self.wrong("\(part)") }
                parts[part.number] = content
            }
            return .parts(parts)
        }
    }
}

extension Life {
    /// Of an upload that has ended: now and then somebody goes on with it all the same.
    fileprivate func leave(_ upload: Int) {
        if generator.chance(3, in: 4) { openUploads.removeAll { $0.upload == upload } }
    }

    func reference(_ upload: Int) -> UploadReference? {
        guard let name = ledger.uploads.names[upload], let key = openUploads.first(where: { $0.upload == upload })?.key
        else { return nil }
        return UploadReference(bucket: Names.bucket, key: Names.key(key), uploadID: name)
    }
}
