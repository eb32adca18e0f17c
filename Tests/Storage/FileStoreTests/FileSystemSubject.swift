// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import StorageTestSupport

/// A file system under the contract, with a directory of its own.
struct FileSystemSubject {
    enum Kind: CaseIterable {
        case linux, simulated
        /// The tracing wrapper, which must change nothing.
        case traced
    }

    let fileSystem: any FileSystem
    let root: String
    private let temporary: TemporaryDirectory?

    init(_ kind: Kind) {
        switch kind {
        case .linux:
            let directory = TemporaryDirectory()
            (fileSystem, root, temporary) = (LinuxFileSystem(), directory.path, directory)
        case .simulated:
            fileSystem = SimulatedDisk(power: SimulatedPower(seed: 1))
            (root, temporary) = ("/data", nil)
        case .traced:
            fileSystem = SimulatedMachine(seed: 1).fileSystem
            (root, temporary) = ("/data", nil)
        }
    }

    func path(_ name: String) -> String { root + "/" + name }
}

extension File {
    func write(_ bytes: [UInt8], at offset: UInt64) throws(FileSystemError) {
        // A closure of the standard library rethrows any error; the typed one is carried around it.
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(FileSystemError) in try write(buffer, at: offset) }
        }
        try result.get()
    }

    func read(_ count: Int, at offset: UInt64) throws(FileSystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: count)
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(FileSystemError) in try read(into: buffer, at: offset) }
        }
        return Array(bytes[..<(try result.get())])
    }

    /// Into memory that begins at a page.
    func readPastCache(_ count: Int, at offset: UInt64) throws(FileSystemError) -> [UInt8] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4_096)
        defer { memory.deallocate() }
        let done = try readPastCache(into: memory, at: offset)
        return Array(memory[..<done])
    }

    func readIfCached(_ count: Int, at offset: UInt64) throws(FileSystemError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0xEE, count: count)
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(FileSystemError) in try readIfCached(into: buffer, at: offset) }
        }
        return try result.get() ? bytes : nil
    }
}

/// What a call threw, or nil.
func failure(_ body: () throws(FileSystemError) -> Void) -> FileSystemError? {
    do throws(FileSystemError) {
        try body()
        return nil
    } catch {
        return error
    }
}
