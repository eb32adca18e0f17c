// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Raised once, when long work is to end: by the task that waits for it, from any thread.
///
/// Unchecked: the memory is made and freed here, and only read and written atomically.
package final class StopSign: @unchecked Sendable {
    /// Where C code can look.
    private let flag: UnsafeMutablePointer<Atomic<Bool>>

    package init() {
        flag = .allocate(capacity: 1)
        flag.initialize(to: Atomic(false))
    }

    deinit {
        flag.deinitialize(count: 1)
        flag.deallocate()
    }

    package var isUp: Bool { flag.pointee.load(ordering: .relaxed) }

    package func raise() {
        flag.pointee.store(true, ordering: .relaxed)
    }

    /// - Throws: `failed` once the sign is up.
    package func check() throws(MetadataError) {
        if isUp { throw MetadataError(.failed, "the work was stopped") }
    }

    /// Lends the flag to code that reads it as a `bool`, atomically.
    func withFlag<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<Bool>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeMutableRawPointer(flag).assumingMemoryBound(to: Bool.self))
    }
}
