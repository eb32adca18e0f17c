// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import ChunkFormat
import StorageTypes

/// The checksum of a multipart object from those of its parts, without reading a byte again (`spec/s3.md` §4).
enum MultipartChecksum {
    /// Whether an upload may ask for `checksum`: a full-object value needs parts that can be combined, and
    /// CRC64NVME knows nothing else.
    static func isAllowed(_ checksum: UploadChecksum) -> Bool {
        switch checksum.type {
        case .fullObject: CRC.canCombine(checksum.algorithm)
        case .composite: checksum.algorithm != .crc64nvme
        }
    }

    /// Nil when the parts don't share an algorithm that gives a value: only possible when none was promised.
    static func combine(_ parts: [PartRecord], as promised: UploadChecksum?) -> ChecksumValue? {
        let values = parts.compactMap { part in
            part.fields.checksums.first.map { (bytes: $0.bytes, algorithm: $0.algorithm, size: part.content.size) }
        }
        guard let first = values.first, values.count == parts.count else { return nil }
        let algorithm = promised?.algorithm ?? first.algorithm
        guard values.allSatisfy({ $0.algorithm == algorithm }) else { return nil }
        switch promised?.type ?? .fullObject {
        case .fullObject:
            guard CRC.canCombine(algorithm) else { return nil }
            let bytes = CRCChain.combine(algorithm, values.map { ($0.bytes, $0.size) })
            return ChecksumValue(algorithm: algorithm, bytes: bytes)
        case .composite:
            let bytes = RunningChecksum.hash(algorithm, values.flatMap(\.bytes))
            return ChecksumValue(
                algorithm: algorithm,
                type: .composite,
                bytes: bytes,
                partCount: UInt32(parts.count),
            )
        }
    }

    /// - Throws: `badDigest` when the client expects another value, type or algorithm.
    static func compare(_ expected: ChecksumValue?, with actual: ChecksumValue?) throws(StoreError) {
        guard let expected else { return }
        guard let actual, actual.algorithm == expected.algorithm, actual.type == expected.type else {
            throw StoreError(
                .badDigest,
                "the upload has no \(expected.type == .composite ? "composite" : "full object") "
                    + "\(expected.algorithm.name) checksum",
            )
        }
        // The number of parts behind the dash may be left out.
        let isCountRight = expected.partCount == 0 || expected.partCount == actual.partCount
        guard actual.bytes == expected.bytes, isCountRight else {
            throw StoreError(
                .badDigest,
                details: .digest(expected: Hex.encode(expected.bytes), calculated: Hex.encode(actual.bytes))
            )
        }
    }
}
