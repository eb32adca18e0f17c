// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which keys of a listing collapse into a common prefix: those that hold the delimiter behind the prefix.
struct KeyGrouping {
    let prefix: [UInt8]
    /// Empty groups nothing.
    let delimiter: [UInt8]

    /// Where the group of `key` ends, behind the first delimiter after the prefix; nil for a key that stands for itself.
    @inline(__always)
    func groupEnd(_ key: UnsafeRawBufferPointer) -> Int? {
        guard let first = delimiter.first, let base = key.baseAddress else { return nil }
        var position = prefix.count
        while key.count - position >= delimiter.count {
            let range = key.count - position - delimiter.count + 1
            guard let found = memchr(base + position, Int32(first), range) else { return nil }
            position = UnsafeRawPointer(found) - base
            if delimiter.count == 1 || memcmp(base + position, delimiter, delimiter.count) == 0 {
                return position + delimiter.count
            }
            position += 1
        }
        return nil
    }

    /// Whether `key`, which begins with the prefix, is a whole common prefix.
    func isGroup(_ key: [UInt8]) -> Bool {
        key.withUnsafeBytes { groupEnd($0) } == key.count
    }
}
