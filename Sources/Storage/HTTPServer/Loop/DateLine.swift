// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// The `Date` header of the current second.
struct DateLine {
    private var seconds = Int64.min
    private var bytes: [UInt8] = []

    mutating func current(_ clock: any WallClock) -> [UInt8] {
        let now = clock.now()
        let whole = now.nanoseconds / 1_000_000_000
        if whole != seconds {
            seconds = whole
            bytes = Array("Date: \(HTTPDate.format(now))\r\n".utf8)
        }
        return bytes
    }
}
