// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes

/// Digests as headers carry them.
enum Digests {
    static func md5(_ bytes: [UInt8]) -> String { Base64.encode(MD5.hash(bytes)) }

    static func checksum(_ algorithm: ChecksumAlgorithm, _ bytes: [UInt8]) -> String {
        Base64.encode(RunningChecksum.hash(algorithm, bytes))
    }
}
