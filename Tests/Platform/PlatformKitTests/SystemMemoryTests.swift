// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PlatformKit

@Suite struct SystemMemoryTests {
    @Test func `what is available comes from the kernel's page`() {
        let page = "MemTotal:       24684092 kB\nMemFree:        17750312 kB\nMemAvailable:   23854000 kB\n"
        #expect(SystemMemory.availableByteCount(page) == 23_854_000 << 10)
        #expect(SystemMemory.availableByteCount("MemTotal: 1 kB\nMemAvailable: many kB\n") == 0)
        #expect(SystemMemory.availableByteCount() > 1 << 20)
    }
}
