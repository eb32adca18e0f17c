// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

extension MicroBenchmark {
    static func formats() -> [MicroBenchmark] {
        var fields = VersionFields()
        fields.metadata.contentType = "application/octet-stream"
        fields.metadata.userFields = [.init(name: "author", value: "ada")]
        fields.checksums = [ChecksumValue(algorithm: .crc64nvme, bytes: [1, 2, 3, 4, 5, 6, 7, 8])]
        let record = VersionRecord(
            lastModified: Timestamp(seconds: 1_767_225_600),
            etag: ETag(bytes: [UInt8](repeating: 7, count: 16)),
            content: .empty,
            fields: fields
        )
        let encoded = record.encoded()
        return [
            MicroBenchmark("ChunkFormat: version record encoded", units: 1, "records") { iterations in
                var sum: UInt64 = 0
                for _ in 0..<iterations { sum &+= UInt64(record.encoded().count) }
                return sum
            },
            MicroBenchmark("ChunkFormat: version record decoded", units: 1, "records") { iterations in
                var sum: UInt64 = 0
                for _ in 0..<iterations {
                    sum &+= (try? VersionRecord(decoding: encoded)).map { UInt64($0.size &+ 1) } ?? 0
                }
                return sum
            },
        ]
    }
}
