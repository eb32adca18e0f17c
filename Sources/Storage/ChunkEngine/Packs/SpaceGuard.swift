// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import StorageTypes
import Synchronization

/// Refuses content before the drive is full, so that metadata and deletes still have room.
final class SpaceGuard: Sendable {
    /// Asking the file system costs a microsecond: once per this many bytes is enough.
    private static let allowanceByteCountMax: UInt64 = 8 << 20

    enum Purpose {
        case content
        /// Copies that let a collection give back more than they take: three quarters of what is kept back are for these.
        case reclaiming
    }

    private let fileSystem: any FileSystem
    private let directory: String
    private let floorByteCount: UInt64
    /// Bytes that may be written before the next look.
    private let allowance = Mutex<UInt64>(0)

    init(_ fileSystem: any FileSystem, directory: String, floorByteCount: UInt64) {
        self.fileSystem = fileSystem
        self.directory = directory
        self.floorByteCount = floorByteCount
    }

    /// Accounts for content about to be written. May block for a system call.
    ///
    /// - Throws: `insufficientStorage` when less than the floor would be left.
    func charge(_ byteCount: UInt64, _ purpose: Purpose = .content) throws(StoreError) {
        let floorByteCount = purpose == .content ? floorByteCount : floorByteCount / 4
        let result = allowance.withLock { allowance -> Result<Void, StoreError> in
            if allowance >= byteCount {
                allowance -= byteCount
                return .success(())
            }
            do throws(FileSystemError) {
                let free = try fileSystem.freeBytes(directory)
                let (needed, overflow) = floorByteCount.addingReportingOverflow(byteCount)
                guard !overflow, free >= needed else {
                    return .failure(
                        StoreError(
                            .insufficientStorage,
                            "the drive is full",
                            diagnosis: "\(free) bytes free, \(floorByteCount) are kept back"
                        )
                    )
                }
                allowance = min(Self.allowanceByteCountMax, (free - needed) / 2)
                return .success(())
            } catch {
                return .failure(StoreError(error))
            }
        }
        try result.get()
    }
}
