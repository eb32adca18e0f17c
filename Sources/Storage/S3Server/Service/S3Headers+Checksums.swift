// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol

extension S3Headers {
    private static let checksumPrefix = "x-amz-checksum-"

    /// The `x-amz-checksum-*` lines alone.
    var checksums: S3Headers {
        var result = S3Headers(byteCapacity: 64)
        forEach(prefix: "x-amz-checksum-") { result.append($0, $1) }
        return result
    }

    /// Every line but those.
    var withoutChecksums: S3Headers {
        var result = S3Headers()
        forEach { name, value in
            if !name.hasPrefix(Self.checksumPrefix) { result.append(name, value) }
        }
        return result
    }
}
