// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What the kernel says about the memory of the machine.
package enum SystemMemory {
    /// What can be had without swapping; 0 when it isn't known.
    package static func availableByteCount() -> UInt64 {
        guard let data = try? DurableFile.read("/proc/meminfo") else { return 0 }
        return availableByteCount(String(decoding: data, as: UTF8.self))
    }

    static func availableByteCount(_ page: String) -> UInt64 {
        guard let line = page.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }) else { return 0 }
        return line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 << 10 } ?? 0
    }
}
