// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import MetadataStore
import StorageTypes
import Synchronization

/// Inline contents lie in the metadata, which gives space back when it rewrites its files: after enough writes, or here.
extension GarbageCollector {
    /// Steps end after so many bytes, so that a collection can be stopped.
    private static let movedByteCountMax: UInt64 = 128 << 20
    /// Less is not worth copying anything.
    private static let deletedByteCountMin: UInt64 = 1 << 20

    mutating func compactInline() async throws(StoreError) {
        try await noteEarlierGarbage()
        let released = engine.inlineGarbage.byteCount
        let before = engine.metadata.footprint(.inline)
        let share = UInt64(Double(before.byteCount) * policy.inlineShareMin)
        guard released >= max(policy.inlineByteCountMin, share), !Task.isCancelled else { return }
        // The keys are written anew before the old files go.
        guard try await room() > before.treeByteCount else { return }
        try await compact(movedByteCountMax: 0)
        // The next collection goes on.
        if Task.isCancelled { return }
        engine.inlineGarbage.take(released)
        var left = engine.metadata.footprint(.inline)
        while isWorthMoving(left), !Task.isCancelled {
            let room = try await room()
            guard room > left.treeByteCount else { break }
            try await compact(movedByteCountMax: min(room - left.treeByteCount, Self.movedByteCountMax))
            let now = engine.metadata.footprint(.inline)
            guard now.deletedValueByteCount < left.deletedValueByteCount else { break }
            left = now
        }
        let after = engine.metadata.footprint(.inline)
        report.inlineByteCount += before.byteCount - min(after.byteCount, before.byteCount)
    }

    /// What was deleted before the start and is still there counts like what goes now: values known to be deleted, and of the
    /// others as large a share as there are deletions.
    private func noteEarlierGarbage() async throws(StoreError) {
        guard engine.inlineGarbage.isFirstLook() else { return }
        let metadata = engine.metadata
        let counts = try await engine.workers.run { () throws(StoreError) in
            try StorageCall.metadata { () throws(MetadataError) in try metadata.keyCounts(.inline) }
        }
        let footprint = metadata.footprint(.inline)
        let known = min(footprint.deletedValueByteCount, footprint.byteCount)
        let share = Double(min(counts.deletedCount, counts.putCount)) / Double(max(1, counts.putCount))
        engine.inlineGarbage.add(known + UInt64(Double(footprint.byteCount - known) * share))
    }

    private func isWorthMoving(_ footprint: TableFootprint) -> Bool {
        footprint.deletedValueByteCount >= Self.deletedByteCountMin
            && Double(footprint.deletedValueByteCount) > Double(footprint.valueByteCount) * policy.rewriteShareMin
    }

    /// What the compaction may take: RocksDB's are ended when they leave no more than records without contents are.
    private func room() async throws(StoreError) -> UInt64 {
        let space = engine.space
        return try await engine.workers.run { () throws(StoreError) in try space.room(.metadata) }
    }

    private func compact(movedByteCountMax: UInt64) async throws(StoreError) {
        let metadata = engine.metadata
        try await engine.workers.run(until: StopSign()) { stop throws(StoreError) in
            try StorageCall.metadata { () throws(MetadataError) in
                do throws(MetadataError) {
                    try metadata.compact(.inline, movedByteCountMax: movedByteCountMax, until: stop)
                } catch {
                    // The caller looks whether its task was cancelled.
                    if !stop.isUp { throw error }
                }
            }
        }
    }
}

/// Bytes of inline contents that went since the metadata was last compacted on their account.
final class InlineGarbage: Sendable {
    private let count = Atomic<UInt64>(0)
    private let isLookedAt = Atomic(false)

    var byteCount: UInt64 { count.load(ordering: .relaxed) }

    /// Once in the life of an engine.
    func isFirstLook() -> Bool {
        !isLookedAt.exchange(true, ordering: .relaxed)
    }

    func add(_ byteCount: UInt64) {
        if byteCount > 0 { count.wrappingAdd(byteCount, ordering: .relaxed) }
    }

    func take(_ byteCount: UInt64) {
        count.wrappingSubtract(byteCount, ordering: .relaxed)
    }
}
