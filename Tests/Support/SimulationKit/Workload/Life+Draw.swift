// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTestSupport
import StorageTypes

/// What clients do next: drawn so that they meet each other on few keys and share most of their content.
extension Life {
    func drawOperation() -> StoreOperation {
        switch generator.below(100) {
        case 0..<26: .put(key: drawKey(), content: drawContent(), onlyIfAbsent: generator.chance(1, in: 5))
        case 26..<33: .delete(keys: [drawKey()])
        case 33..<36: .delete(keys: Array(Set((0...generator.below(5)).map { _ in drawKey() })).sorted())
        case 36..<42: .copy(from: drawKey(), to: drawKey())
        case 42..<47: .createUpload(ledger.newUpload(), key: drawKey())
        case 47..<64:
            drawUploadOperation { .putPart(upload: $0, number: 1 + generator.below(4), content: drawContent()) }
        case 64..<74: drawUploadOperation(preferring: hasSeveralParts) { drawCompletion($0) }
        case 74..<76: drawUploadOperation { .abort(upload: $0) }
        case 76..<79: drawUploadOperation { .listParts(upload: $0) }
        case 79..<83: .list
        default: .get(key: drawKey())
        }
    }

    /// How the body of an upload ends.
    func drawEnding(_ content: Int) -> SimulatedBody.Ending {
        switch generator.below(24) {
        case 0: .broken(after: generator.below(ledger.contents.contents[content].count + 1))
        case 1: .wrongDigest
        default: .whole
        }
    }

    /// By content more often than not, so that uploads find each other's chunks.
    func drawChunking() -> Chunking {
        generator.pick([.contentDefined, .contentDefined, .contentDefined, .pages, .whole])
    }

    /// Low numbers more often than high ones.
    private func drawKey() -> Int {
        min(generator.below(Names.keyCount), generator.below(Names.keyCount))
    }

    private func drawContent() -> Int {
        let count = ledger.contents.contents.count
        return min(generator.below(count), generator.below(count))
    }

    /// About one of the uploads that are under way, or of the last that were.
    private func drawUploadOperation(
        preferring isPreferred: (Int) -> Bool = { _ in true },
        _ operation: (Int) -> StoreOperation
    ) -> StoreOperation {
        guard !openUploads.isEmpty else { return .createUpload(ledger.newUpload(), key: drawKey()) }
        let preferred = openUploads.filter { isPreferred($0.upload) }
        let recent = (preferred.isEmpty ? openUploads : preferred).suffix(5)
        return operation(generator.pick([(upload: Int, key: Int)](recent)).upload)
    }

    private func hasSeveralParts(_ upload: Int) -> Bool {
        (knownParts[upload]?.count ?? 0) > 1
    }

    /// Lists the parts that clients know of, or a few of them. Of one part only now and then: that is as good as a put.
    private func drawCompletion(_ upload: Int) -> StoreOperation {
        let key = openUploads.first { $0.upload == upload }?.key ?? 0
        var parts = (knownParts[upload] ?? [:]).sorted { $0.key < $1.key }
        if parts.count > 1, generator.chance(1, in: 4) { parts.remove(at: generator.below(parts.count)) }
        guard !parts.isEmpty else { return .listParts(upload: upload) }
        guard parts.count > 1 || generator.chance(1, in: 3) else {
            return .putPart(upload: upload, number: 1 + generator.below(4), content: drawContent())
        }
        return .complete(
            upload: upload,
            key: key,
            parts: parts.map { StoreOperation.Part(number: $0.key, content: $0.value) }
        )
    }
}
