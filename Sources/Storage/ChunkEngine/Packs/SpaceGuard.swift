// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import StorageTypes
import Synchronization

/// Refuses what takes room before the drive is full, so that what makes room can go on.
final class SpaceGuard: Sendable {
    /// In the order in which they are refused while the drive fills up.
    enum Purpose: Int, CaseIterable {
        case content
        /// Records without content, such as buckets, policies and empty objects.
        case metadata
        /// Copies that let a collection give back more than they take.
        case reclaiming
        /// Records of what goes. Refused only when the next write would fail, after which nothing could be written.
        case deleting

        /// Of the bytes kept back, how much is left when this, too, is refused.
        fileprivate var floorDivisor: UInt64 {
            switch self {
            case .content: 1
            case .metadata: 2
            case .reclaiming: 4
            case .deleting: 8
            }
        }

        /// Asking the file system costs a microsecond: once per so many bytes is enough.
        fileprivate var allowanceByteCountMax: UInt64 {
            switch self {
            case .content: 8 << 20
            case .metadata, .reclaiming, .deleting: 1 << 20
            }
        }
    }

    /// Bytes that may be written before the next look.
    private struct Allowance {
        var byteCount: UInt64 = 0
        var granted = Timestamp(nanoseconds: .min)
    }

    /// Others write to the drive as well: what was seen is true for so long.
    private static let allowanceNanosecondsMax: Int64 = 1_000_000_000
    private static let sparedByteCountMax: UInt64 = 1 << 30
    /// What contents leave of a large drive: the metadata of a large store take hundreds of megabytes to be rewritten, and what
    /// deletes free of them comes back only then.
    private static let contentFloorShare: UInt64 = 64

    private let fileSystem: any FileSystem
    private let directory: String
    private let clock: any WallClock
    private let floorByteCount: UInt64
    private let giveUpReserve: @Sendable () -> Bool
    private let shortShare: Double
    private let isShortOfRoom: Atomic<Bool>
    /// One per purpose: what one may write another may not.
    private let allowances = Mutex([Allowance](repeating: Allowance(), count: Purpose.allCases.count))

    init(_ fileSystem: any FileSystem, _ configuration: EngineConfiguration, clock: any WallClock) {
        self.fileSystem = fileSystem
        directory = configuration.dataDirectory
        floorByteCount = configuration.freeByteFloor
        giveUpReserve = configuration.giveUpReserve
        shortShare = configuration.compressingFreeShareMax
        isShortOfRoom = Atomic(shortShare >= 1)
        self.clock = clock
    }

    /// Blocks for a system call.
    func driveSpace() throws(StoreError) -> DriveSpace {
        let space = try seen()
        return DriveSpace(freeByteCount: space.free, isFull: space.free < floorByteCount(.content, space))
    }

    /// How much there is before the purpose is refused. Blocks for a system call.
    func room(_ purpose: Purpose) throws(StoreError) -> UInt64 {
        let space = try seen()
        return space.free - min(floorByteCount(purpose, space), space.free)
    }

    private func floorByteCount(_ purpose: Purpose, _ space: FileSystemSpace) -> UInt64 {
        let floor = floorByteCount / purpose.floorDivisor
        guard purpose == .content else { return floor }
        return max(floor, min(space.total / Self.contentFloorShare, Self.sparedByteCountMax))
    }

    private func seen() throws(StoreError) -> FileSystemSpace {
        let space = try StorageCall.files { () throws(FileSystemError) in try fileSystem.space(directory) }
        isShortOfRoom.store(Double(space.free) <= Double(space.total) * shortShare, ordering: .relaxed)
        return space
    }

    /// Whether uploads have to save room, as of the last look.
    var compressesUploads: Bool { isShortOfRoom.load(ordering: .relaxed) }

    /// Whether so much can be written without taking what is kept back. Blocks for a system call.
    ///
    /// - Parameter isForLater: nobody waits for it, so a sixteenth of the drive, a gibibyte at most, is left to those who do.
    func hasRoom(for byteCount: UInt64, isForLater: Bool = false) throws(StoreError) -> Bool {
        let space = try seen()
        let spared = isForLater ? min(space.total / 16, Self.sparedByteCountMax) : 0
        let (needed, overflow) = (floorByteCount + spared).addingReportingOverflow(byteCount)
        return !overflow && space.free >= needed
    }

    /// Accounts for what is about to be written. May block for a system call.
    ///
    /// - Throws: `insufficientStorage` when less than the purpose's floor would be left.
    func charge(_ byteCount: UInt64, _ purpose: Purpose) throws(StoreError) {
        let now = clock.now()
        let result = allowances.withLock { allowances -> Result<Void, StoreError> in
            let allowance = allowances[purpose.rawValue]
            let (age, overflow) = now.nanoseconds.subtractingReportingOverflow(allowance.granted.nanoseconds)
            let isFresh = !overflow && 0 <= age && age < Self.allowanceNanosecondsMax
            if isFresh, allowance.byteCount >= byteCount {
                allowances[purpose.rawValue].byteCount -= byteCount
                return .success(())
            }
            do throws(StoreError) {
                allowances[purpose.rawValue] = Allowance(byteCount: try look(byteCount, purpose), granted: now)
                return .success(())
            } catch {
                allowances[purpose.rawValue].byteCount = 0
                return .failure(error)
            }
        }
        try result.get()
    }

    /// How much more may be written after `byteCount`.
    private func look(_ byteCount: UInt64, _ purpose: Purpose) throws(StoreError) -> UInt64 {
        var space = try seen()
        // Early, because rewriting what deletes have left behind takes tens of megabytes before it gives back more.
        if purpose == .deleting, space.free < floorByteCount / 2, giveUpReserve() { space = try seen() }
        let floor = floorByteCount(purpose, space)
        let (needed, overflow) = floor.addingReportingOverflow(byteCount)
        guard !overflow, space.free >= needed else {
            throw StoreError(
                .insufficientStorage,
                "the drive is full",
                diagnosis: "\(space.free) bytes free, \(floor) are kept back"
            )
        }
        return min(purpose.allowanceByteCountMax, (space.free - needed) / 2)
    }
}
