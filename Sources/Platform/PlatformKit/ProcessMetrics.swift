// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the kernel says about this process.
package struct ProcessMetrics: Sendable {
    package var residentByteCount: Int
    package var cpuSeconds: Double
    package var openFileCount: Int

    package static func now() -> ProcessMetrics {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let seconds =
            Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        return ProcessMetrics(
            residentByteCount: residentPages() * Int(sysconf(Int32(_SC_PAGESIZE))),
            cpuSeconds: seconds,
            openFileCount: openFiles()
        )
    }

    /// The second number of `/proc/self/statm`.
    private static func residentPages() -> Int {
        guard let data = try? DurableFile.read("/proc/self/statm") else { return 0 }
        let numbers = String(decoding: data, as: UTF8.self).split(separator: " ")
        return numbers.count > 1 ? Int(numbers[1]) ?? 0 : 0
    }

    private static func openFiles() -> Int {
        guard let directory = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Without ".", ".." and the descriptor of the walk itself.
        return max(0, count - 3)
    }

    package func append(to page: inout PrometheusText) {
        page.family("process_resident_memory_bytes", .gauge, help: "Resident memory in bytes.")
        page.sample("process_resident_memory_bytes", Double(residentByteCount))
        page.family("process_cpu_seconds_total", .counter, help: "User and system CPU time in seconds.")
        page.sample("process_cpu_seconds_total", cpuSeconds)
        page.family("process_open_fds", .gauge, help: "Open file descriptors.")
        page.sample("process_open_fds", Double(openFileCount))
    }
}
