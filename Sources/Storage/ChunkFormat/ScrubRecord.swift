// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// How far the scrub is, key `S` of table `system`.
package struct ScrubRecord: Sendable, Hashable {
    static let version: UInt8 = 1

    /// When the pass under way, or else the last one, began.
    package var started: Timestamp
    /// When the last pass ended; zero before the first.
    package var completed: Timestamp
    /// The pass under way goes on at this pack; 0 when none is.
    package var nextPack: UInt32

    package init(started: Timestamp, completed: Timestamp, nextPack: UInt32) {
        self.started = started
        self.completed = completed
        self.nextPack = nextPack
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        try reader.version(Self.version)
        started = Timestamp(nanoseconds: try reader.fixed(Int64.self))
        completed = Timestamp(nanoseconds: try reader.fixed(Int64.self))
        nextPack = try reader.fixed(UInt32.self)
        try reader.end()
    }

    package var encoded: [UInt8] {
        var writer = RecordWriter(capacity: 21)
        writer.fixed(Self.version)
        writer.fixed(started.nanoseconds)
        writer.fixed(completed.nanoseconds)
        writer.fixed(nextPack)
        return writer.bytes
    }
}
