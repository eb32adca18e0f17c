// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What the kernel says about the memory of the machine, and of the control groups that this process is in.
package enum SystemMemory {
    /// What can be had without swapping; 0 when it isn't known.
    package static func availableByteCount() -> UInt64 {
        guard let page = text("/proc/meminfo") else { return 0 }
        let ofMachine = availableByteCount(page)
        guard let groups = text("/proc/self/cgroup").flatMap(groups) else { return ofMachine }
        return min(ofMachine, groups.compactMap { roomByteCount("/sys/fs/cgroup" + $0) }.min() ?? .max)
    }

    static func availableByteCount(_ page: String) -> UInt64 {
        guard let line = page.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }) else { return 0 }
        return line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }.map { $0 << 10 } ?? 0
    }

    /// The process's group (version 2) and all above it, by their paths; nil when it has none.
    static func groups(_ page: String) -> [String]? {
        guard let line = page.split(separator: "\n").first(where: { $0.hasPrefix("0::/") }) else { return nil }
        let names = line.dropFirst(4).split(separator: "/")
        return (0...names.count).map { count in names.prefix(count).map { "/" + $0 }.joined() }
    }

    /// What a group may still take; nil without a limit.
    static func roomByteCount(_ folder: String) -> UInt64? {
        guard let limit = number(folder + "/memory.max"), let used = number(folder + "/memory.current") else {
            return nil
        }
        // Pages of files that nobody has wanted lately count as used, and go first.
        let unwanted = text(folder + "/memory.stat")?.split(separator: "\n").first { $0.hasPrefix("inactive_file ") }
        let room = unwanted?.split(separator: " ").last.flatMap { UInt64($0) } ?? 0
        return limit - min(used - min(room, used), limit)
    }

    /// "max" is none.
    private static func number(_ path: String) -> UInt64? {
        text(path)?.split(separator: "\n").first.flatMap { UInt64($0) }
    }

    private static func text(_ path: String) -> String? {
        (try? DurableFile.read(path)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
    }
}
