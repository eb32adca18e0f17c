// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import Glibc
import MetadataStore

/// Leaves a group of keys for the first key behind it.
///
/// A seek costs about as much as fifteen steps, so a small group is left by steps and a large one by a seek. Which it is,
/// nobody knows before: the sizes of the groups before tell.
struct GroupSkipper {
    private static let stepCountMax = 4
    private static let seekCountMax = 31

    /// Groups to leave by a seek at once.
    private var seekCount = 0
    private var backoff = 0

    /// - Parameter prefix: what the stored keys of the group begin with.
    /// - Returns: whether there is a key behind the group; the cursor stands on it then.
    mutating func leave(_ prefix: [UInt8], _ cursor: any MetadataCursor) throws(MetadataError) -> Bool {
        if seekCount > 0 {
            seekCount -= 1
        } else {
            for _ in 0..<Self.stepCountMax {
                guard try cursor.next() else { return false }
                if !cursor.withCurrent({ key, _ in Self.starts(key, with: prefix) }) {
                    backoff = 0
                    return true
                }
            }
            backoff = min(backoff * 2 + 1, Self.seekCountMax)
            seekCount = backoff
        }
        guard let next = ObjectKeys.successor(ofPrefix: prefix) else { return false }
        try cursor.seek(to: next)
        return try cursor.next()
    }

    private static func starts(_ key: UnsafeRawBufferPointer, with prefix: [UInt8]) -> Bool {
        guard key.count >= prefix.count, let base = key.baseAddress else { return prefix.isEmpty }
        return memcmp(base, prefix, prefix.count) == 0
    }
}
