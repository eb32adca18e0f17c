// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a run of joins did.
package struct JoinReport: Sendable, Hashable {
    /// Multipart contents whose parts are stretches of one recipe now.
    package internal(set) var joinedCount: UInt64 = 0
    /// Those that stay as they are because what lies at a border can't be read.
    package internal(set) var damagedCount: UInt64 = 0
    /// Those that wait an hour for the next attempt because the drive could not read what lies at a border.
    package internal(set) var unreadableCount: UInt64 = 0
    /// Those that stay as they are because more would be written anew than borders take.
    package internal(set) var costlyCount: UInt64 = 0
    /// Those that wait for room on the drive.
    package internal(set) var postponedCount: UInt64 = 0

    package init(joinedCount: UInt64 = 0) {
        self.joinedCount = joinedCount
    }
}
