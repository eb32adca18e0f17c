// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PlatformKit

@Suite struct SystemMemoryTests {
    @Test func `what is available comes from the kernel's page`() {
        let page = "MemTotal:       24684092 kB\nMemFree:        17750312 kB\nMemAvailable:   23854000 kB\n"
        #expect(SystemMemory.availableByteCount(page) == 23_854_000 << 10)
        #expect(SystemMemory.availableByteCount("MemTotal: 1 kB\nMemAvailable: many kB\n") == 0)
        #expect(SystemMemory.availableByteCount() > 1 << 20)
    }

    @Test func `a control group is inside those above it`() {
        #expect(SystemMemory.groups("1:name=systemd:/x\n0::/a.slice/b\n") == ["", "/a.slice", "/a.slice/b"])
        #expect(SystemMemory.groups("0::/\n") == [""])
        #expect(SystemMemory.groups("4:memory:/x\n") == nil)
    }

    @Test func `a control group has what it may take and does not use`() throws {
        let directory = try ScratchDirectory()
        func write(_ name: String, _ text: String) throws {
            try DurableFile.write(Data(text.utf8), to: directory.path + "/" + name, mode: 0o600)
        }
        #expect(SystemMemory.roomByteCount(directory.path) == nil)
        try write("memory.max", "max\n")
        try write("memory.current", "7000\n")
        #expect(SystemMemory.roomByteCount(directory.path) == nil)
        try write("memory.max", "10000\n")
        #expect(SystemMemory.roomByteCount(directory.path) == 3_000)
        try write("memory.stat", "file 5000\nactive_file 3000\ninactive_file 2000\n")
        #expect(SystemMemory.roomByteCount(directory.path) == 5_000)
        try write("memory.current", "20000\n")
        #expect(SystemMemory.roomByteCount(directory.path) == 0)
    }
}
