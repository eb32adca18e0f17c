// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes
import Synchronization

/// Notes damaged frames where `fsck` and people find them, and where uploads do, which bring what they held again.
///
/// Known at once, durable a little later. A record is there for as long as the index names the frame (`CommitTransaction`).
final class Quarantine: Sendable {
    private struct State {
        /// Keys of the records, and of those that are not durable yet.
        var known: Set<[UInt8]> = []
        /// There are records beside these.
        var isPartial = false
    }

    /// Set once the pipeline exists; a frame found before that is not noted.
    private let commits = Mutex<CommitPipeline?>(nil)
    private let state = Mutex(State())
    private let knownCountMax: Int

    init(knownCountMax: Int) {
        self.knownCountMax = knownCountMax
    }

    func attach(_ pipeline: CommitPipeline?) {
        commits.withLock { $0 = pipeline }
    }

    /// Takes over what was noted before this start. Blocks.
    func load(_ metadata: any MetadataReading) throws(StoreError) {
        let range = EngineKeys.range(of: EngineKeys.quarantinePrefix)
        try metadata.forEach(.system, from: range.lower, until: range.upper) { key, _ in
            note(key)
        }
    }

    /// Takes over a record that is durable, or will be; says whether there may be none so far.
    @discardableResult
    func note(_ key: [UInt8]) -> Bool {
        state.withLock { state in
            if state.known.count < knownCountMax { return state.known.insert(key).inserted }
            if state.known.contains(key) { return false }
            state.isPartial = true
            return true
        }
    }

    /// After the record is gone.
    func forget(_ key: [UInt8]) {
        state.withLock { _ = $0.known.remove(key) }
    }

    /// Nothing is known to be damaged.
    var isEmpty: Bool { state.withLock { $0.known.isEmpty && !$0.isPartial } }

    /// Whether the frame was found damaged. A place never gets another frame.
    ///
    /// - Parameter record: what is stored under a key of table `system`, asked when memory does not hold all.
    func contains(
        pack: UInt32,
        offset: UInt64,
        _ record: (_ key: [UInt8]) throws(StoreError) -> [UInt8]?
    ) throws(StoreError) -> Bool {
        if isEmpty { return false }
        let key = EngineKeys.quarantine(pack: pack, offset: offset)
        let (isKnown, isPartial) = state.withLock { ($0.known.contains(key), $0.isPartial) }
        if isKnown || !isPartial { return isKnown }
        return try record(key) != nil
    }

    /// Without waiting; durable unless the store refuses writes.
    func add(pack: UInt32, offset: UInt64, _ digest: SHA256Digest, _ reason: String) {
        // A client that asks again and again costs no commits.
        guard note(EngineKeys.quarantine(pack: pack, offset: offset)), let commits = commits.withLock({ $0 }) else {
            return
        }
        commits.commitEventually { transaction throws(StoreError) in
            try transaction.quarantine(pack: pack, offset: offset, digest, reason)
        }
    }
}

extension EngineParts {
    /// Whether the frame was found damaged. Blocks.
    func isQuarantined(pack: UInt32, offset: UInt64) throws(StoreError) -> Bool {
        try quarantine.contains(pack: pack, offset: offset) { key throws(StoreError) in
            try StorageCall.metadata { () throws(MetadataError) in try metadata.get(.system, key) }
        }
    }
}
