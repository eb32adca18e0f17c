// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// CPU seconds of a process, from `/proc/PID/stat`, and its peak memory.
struct ServerUsage {
    let pids: [Int32]

    /// User and system time of all the processes named.
    func cpuSeconds() -> Double {
        pids.reduce(0) { $0 + Self.cpuSeconds(of: $1) }
    }

    func residentBytes() -> Int {
        pids.reduce(0) { total, pid in
            let fields = Self.read("/proc/\(pid)/statm").split(separator: " ")
            return total + (fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0)
        }
    }

    private static func cpuSeconds(of pid: Int32) -> Double {
        // The name in parentheses may hold anything, so count fields from the last parenthesis.
        guard let rest = read("/proc/\(pid)/stat").split(separator: ")").last else { return 0 }
        let fields = rest.split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func read(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
}
