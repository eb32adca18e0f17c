// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import OCIModel
import StorageTypes

/// A whole blob on its way into the store, which must not commit it unless it has the digests it was announced with.
///
/// SHA-256 is the store's own work, off the event loop; any other algorithm is computed here. Confined to one task.
final class WholeBody: ObjectBody {
    private let source: SessionSource
    private let announced: [OCIDigest]
    private var others: [RunningDigest]

    init(_ source: SessionSource, announced: [OCIDigest]) {
        self.source = source
        self.announced = announced
        self.others = Set(announced.map(\.algorithm)).subtracting([.sha256]).map { RunningDigest($0) }
        source.isHashing = false
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        if let piece = await source.next(byteCountMax: .max) {
            for index in others.indices { others[index].update(piece) }
            return piece
        }
        // Half a blob is no blob: here, unlike in a session's parts, a broken connection leaves nothing.
        if let failure = source.failure { throw failure }
        guard !source.isOverlong else { throw StoreError(.entityTooLarge) }
        for digest in others.map(\.digest) where announced.contains(where: { $0.conflicts(with: digest) }) {
            throw StoreError(.badDigest, details: .digest(expected: "\(announced)", calculated: digest.description))
        }
        return nil
    }

    func expectations() throws(StoreError) -> ContentExpectations {
        let digests = Set(announced.filter { $0.algorithm == .sha256 })
        // Two different digests of one algorithm: one of them is wrong whatever the content is.
        guard digests.count <= 1 else { throw StoreError(.badDigest) }
        return ContentExpectations(sha256: digests.first.map { SHA256Digest(bytes: $0.bytes) })
    }
}

extension OCIDigest {
    /// Whether content can't have both digests.
    func conflicts(with other: OCIDigest) -> Bool {
        algorithm == other.algorithm && hex != other.hex
    }
}
