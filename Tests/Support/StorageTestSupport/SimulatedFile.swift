// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import Glibc
import Synchronization

/// An open file of a simulated disk; still readable and writable when its name is gone, as on Linux.
final class SimulatedFile: File {
    private let disk: SimulatedDisk
    private let file: Int
    private let path: String

    init(_ disk: SimulatedDisk, _ file: Int, path: String) {
        self.disk = disk
        self.file = file
        self.path = path
    }

    deinit {
        disk.state.withLock { state in
            let count = (state.openCounts[file] ?? 1) - 1
            state.openCounts[file] = count == 0 ? nil : count
        }
    }

    func size() throws(FileSystemError) -> UInt64 {
        if disk.power.isOff { throw .powerLost(.status, path) }
        return withContent { UInt64($0.visible.count) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Int {
        switch disk.power.beginRead() {
        case .success: break
        case .failure(let fault): throw .read(path, at: offset, count: buffer.count, errno: fault.errno)
        case .interrupted, .off: throw .powerLost(.read, path)
        }
        let range = offset..<offset + UInt64(buffer.count)
        if disk.state.withLock({ $0.unreadable[file]?.overlaps(range) ?? false }) {
            throw .read(path, at: offset, count: buffer.count, errno: EIO)
        }
        let target = UInt(bitPattern: buffer.baseAddress)
        let count = withContent { content in
            Self.copy(content.visible, from: offset, toAddress: target, count: buffer.count)
        }
        if let bit = disk.power.flippedBit(byteCount: count) { buffer[bit / 8] ^= 1 << (bit % 8) }
        return count
    }

    func readIfCached(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Bool {
        if disk.power.isOff { throw .powerLost(.read, path) }
        guard disk.isCached() else { return false }
        let end = offset + UInt64(buffer.count)
        guard withContent({ UInt64($0.visible.count) >= end }) else { return false }
        return try read(into: buffer, at: offset) == buffer.count
    }

    func readPastCache(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FileSystemError) -> Int {
        try read(into: buffer, at: offset)
    }

    /// A write that fails or loses its power leaves a prefix that the seed decides.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(FileSystemError) {
        let outcome = disk.power.begin()
        if outcome == .off { throw .powerLost(.write, path) }
        let new = Array(bytes)
        let isFull = disk.state.withLock { state in
            var count = new.count
            if outcome != .success { count = state.generator.below(new.count + 1) }
            let room = state.room(for: file, from: Int(offset))
            let isFull = room < count
            let content = Array(new[..<min(room, count)])
            if !content.isEmpty { state.files[file]?.change(.write(offset: Int(offset), content)) }
            return isFull
        }
        switch outcome {
        case .interrupted, .off: throw .powerLost(.write, path)
        case .failure(let fault): throw .write(path, at: offset, count: new.count, errno: fault.errno)
        case .success: if isFull { throw .write(path, at: offset, count: new.count, errno: ENOSPC) }
        }
    }

    func sync() throws(FileSystemError) {
        switch disk.power.begin() {
        case .success: disk.state.withLock { $0.files[file]?.sync() }
        case .failure(let fault):
            disk.state.withLock { state in
                var generator = state.generator
                state.files[file]?.failSync(&generator)
                state.generator = generator
            }
            throw .sync(path, errno: fault.errno)
        // Some of it may have got through: the loss of power decides.
        case .interrupted, .off: throw .powerLost(.sync, path)
        }
    }

    func truncate(to size: UInt64) throws(FileSystemError) {
        let outcome = disk.power.begin()
        switch outcome {
        case .failure(let fault): throw .truncate(path, to: size, errno: fault.errno)
        case .off: throw .powerLost(.truncate, path)
        case .success, .interrupted: disk.state.withLock { $0.files[file]?.change(.truncate(Int(size))) }
        }
        if outcome == .interrupted { throw .powerLost(.truncate, path) }
    }

    func deallocate(_ range: Range<UInt64>) throws(FileSystemError) {
        let outcome = disk.power.begin()
        switch outcome {
        case .failure(let fault): throw .deallocate(path, range, errno: fault.errno)
        case .off: throw .powerLost(.deallocate, path)
        case .success, .interrupted:
            disk.state.withLock { state in
                state.files[file]?.change(.deallocate(Int(range.lowerBound)..<Int(range.upperBound)))
            }
        }
        if outcome == .interrupted { throw .powerLost(.deallocate, path) }
    }

    private func withContent<Result: Sendable>(_ body: (SimulatedContent) -> Result) -> Result {
        disk.state.withLock { body($0.files[file] ?? SimulatedContent()) }
    }

    /// The address as a number, because the lock's closure lends nothing that is not Sendable.
    private static func copy(_ bytes: [UInt8], from offset: UInt64, toAddress target: UInt, count: Int) -> Int {
        guard offset < UInt64(bytes.count), let start = UnsafeMutableRawPointer(bitPattern: target) else { return 0 }
        let available = min(count, bytes.count - Int(offset))
        bytes.withUnsafeBytes { source in
            start.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[Int(offset)...]).baseAddress ?? UnsafeRawPointer(start),
                byteCount: available
            )
        }
        return available
    }
}

extension SimulatedDisk.State {
    /// Bytes that a write from `offset` on may have before the drive is full.
    func room(for file: Int, from offset: Int) -> Int {
        guard let freeByteCount else { return .max }
        return max(0, (files[file]?.visible.count ?? 0) - offset) + Int(freeByteCount)
    }
}
