// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Keeps a job to a number of bytes per second by pauses, in which others have the drive.
struct BytePace: Sendable {
    /// Nil as fast as it goes.
    let byteRateMax: UInt64?
    /// Waits.
    let pause: @Sendable (Duration) async -> Void

    func rest(after byteCount: UInt64) async {
        guard let byteRateMax else { return }
        await pause(.nanoseconds(Int64(byteCount) * 1_000_000_000 / Int64(byteRateMax)))
    }
}
