// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes
import Synchronization

/// Notes damaged frames where `fsck` and people find them, and where uploads do, which bring what they held again.
final class Quarantine: Sendable {
    /// Set once the pipeline exists; a frame found before that is not noted.
    private let commits = Mutex<CommitPipeline?>(nil)
    /// Frames noted so far, so that a client that asks again and again costs no commits.
    private let known = Mutex<Set<[UInt8]>>([])
    private let knownCountMax = 10_000

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

    /// Takes over a record that is durable.
    func note(_ key: [UInt8]) {
        known.withLock { if $0.count < knownCountMax { $0.insert(key) } }
    }

    /// Whether the frame was found damaged. A place never gets another frame.
    func contains(pack: UInt32, offset: UInt64) -> Bool {
        known.withLock { !$0.isEmpty && $0.contains(EngineKeys.quarantine(pack: pack, offset: offset)) }
    }

    /// Best effort and without waiting.
    func add(pack: UInt32, offset: UInt64, _ digest: SHA256Digest, _ reason: String) {
        let key = EngineKeys.quarantine(pack: pack, offset: offset)
        let isNew = known.withLock { $0.count < knownCountMax && $0.insert(key).inserted }
        guard isNew, let commits = commits.withLock({ $0 }) else { return }
        commits.commitEventually { transaction throws(StoreError) in
            guard try transaction.get(.system, key) == nil else { return }
            let record = QuarantineRecord(digest: digest, seen: transaction.now, reason: reason)
            transaction.put(.system, key, record.encoded)
        }
    }
}
