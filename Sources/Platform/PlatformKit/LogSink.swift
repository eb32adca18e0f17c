// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Collects log lines and writes them to a descriptor from one thread of its own.
///
/// A line costs its caller a short lock and a copy, never a system call; while the thread writes, more lines gather
/// and go out together. The buffer is bounded: beyond it lines are dropped and the number dropped is logged, because
/// a full pipe must not stop the store.
package final class LogSink: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var dropped = 0
        var isStopping = false
    }

    private static let pendingByteCountMax = 4 << 20

    private let descriptor: Int32
    private let state = Mutex(State())
    private let wake: WakeUp
    private let thread: Mutex<pthread_t?> = Mutex(nil)

    package init(descriptor: Int32) {
        self.descriptor = descriptor
        self.wake = WakeUp()
    }

    /// Starts the writing thread. Until then lines gather.
    package func start() {
        let context = Unmanaged.passRetained(self).toOpaque()
        var handle = pthread_t()
        let result = pthread_create(
            &handle,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<LogSink>.fromOpaque(context).takeRetainedValue().writeUntilStopped()
                return nil
            },
            context
        )
        precondition(result == 0, "a thread for the log can be made")
        thread.withLock { $0 = handle }
    }

    /// Takes a whole line, newline included.
    package func append(_ line: [UInt8]) {
        let wasEmpty = state.withLock { state in
            guard state.pending.count + line.count <= Self.pendingByteCountMax else {
                state.dropped += 1
                return false
            }
            let wasEmpty = state.pending.isEmpty
            state.pending.append(contentsOf: line)
            return wasEmpty
        }
        if wasEmpty { wake.signal() }
    }

    /// Writes what is pending and ends the thread.
    package func stop() {
        state.withLock { $0.isStopping = true }
        wake.signal()
        if let handle = thread.withLock({ $0 }) { pthread_join(handle, nil) }
    }

    private func writeUntilStopped() {
        while true {
            wake.wait()
            let (bytes, dropped, isStopping) = state.withLock { state in
                defer {
                    state.pending = []
                    state.dropped = 0
                }
                return (state.pending, state.dropped, state.isStopping)
            }
            write(bytes)
            if dropped > 0 {
                write(Array("drydock: \(dropped) log lines dropped: the log is not read fast enough\n".utf8))
            }
            if isStopping { return }
        }
    }

    private func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
                if count < 0 && errno == EINTR { continue }
                // A log that can't be written has nowhere to say so.
                if count <= 0 { return }
                offset += count
            }
        }
    }
}

/// A semaphore.
private final class WakeUp: @unchecked Sendable {
    // sem_post and sem_wait are safe from any thread; the memory lives as long as this object.
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0 && errno == EINTR {}
    }
}
