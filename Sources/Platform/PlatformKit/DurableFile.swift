// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Glibc

/// Small files that must survive a crash whole: written beside, synced, renamed, the directory synced.
package enum DurableFile {
    /// What went wrong with which path, as one sentence.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String

        init(_ action: String, _ path: String) {
            description = "can't \(action) \(path): \(String(cString: strerror(errno)))"
        }
    }

    /// Blocks on two syncs.
    package static func write(_ data: Data, to path: String, mode: mode_t) throws(Failure) {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Failure("create", temporary) }
        defer { close(descriptor) }
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Failure("write", temporary) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw Failure("sync", temporary) }
        guard rename(temporary, path) == 0 else { throw Failure("rename", temporary) }
        try syncDirectory(of: path)
    }

    /// Nil when there is no such file.
    package static func read(_ path: String) throws(Failure) -> Data? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure("read", path)
        }
        defer { close(descriptor) }
        var data = Data()
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &block, block.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Failure("read", path) }
            if count == 0 { return data }
            data.append(contentsOf: block[..<count])
        }
    }

    /// Makes a directory and those above it.
    package static func makeDirectories(_ path: String, mode: mode_t) throws(Failure) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw Failure("create directory", path)
        }
        try makeDirectories(String(path[..<slash]), mode: mode)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw Failure("create directory", path) }
    }

    private static func syncDirectory(of path: String) throws(Failure) {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure("open", parent) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure("sync", parent) }
    }
}
