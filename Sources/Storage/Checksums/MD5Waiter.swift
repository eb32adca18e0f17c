// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread that sleeps until another one calls it, once.
// Unchecked: the semaphore is made for use by two threads; its memory is freed with the last reference to it, and both
// the sleeper and the caller hold one.
final class MD5Waiter: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        semaphore.initialize(to: sem_t())
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func wait() {
        // Signals interrupt the call; the only other failure is a semaphore that is none.
        while sem_wait(semaphore) != 0 {}
    }

    func wake() {
        sem_post(semaphore)
    }
}
