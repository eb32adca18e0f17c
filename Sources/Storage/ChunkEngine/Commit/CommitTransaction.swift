// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
package import MetadataStore
package import StorageTypes

/// A consistent view of the metadata with the changes of one request: valid inside the closure given to `commit`, on the
/// commit leader's thread, where it may block for metadata reads and must not for anything else.
///
/// It sees the changes of the requests before it in the same group. When the closure throws, nothing of it remains.
package struct CommitTransaction {
    /// When this change happens: later than that of every change before it, whatever the clock did.
    package let now: Timestamp
    let engine: EngineParts
    let overlay: CommitOverlay
    /// What the request does to the packs; merged into the group's when it succeeds.
    var packChanges = PackChanges()
    var packsToSync: [WritablePack] = []
    var adopted: [ObjectIdentifier] = []
    var actions: [@Sendable () -> Void] = []
    /// Of inline contents that go.
    var releasedInlineByteCount: UInt64 = 0
    /// What the log takes: a key that is deleted takes room there, too.
    private var changeByteCount = 0
    /// Something goes with this request, so it makes more room than it takes, if not at once.
    private var makesRoom = false

    init(now: Timestamp, engine: EngineParts, overlay: CommitOverlay) {
        self.now = now
        self.engine = engine
        self.overlay = overlay
    }

    package func get(_ table: MetadataTable, _ key: [UInt8]) throws(StoreError) -> [UInt8]? {
        try StorageCall.metadata { () throws(MetadataError) in try overlay.get(table, key) }
    }

    package mutating func put(_ table: MetadataTable, _ key: [UInt8], _ value: [UInt8]) {
        changeByteCount += key.count + value.count
        overlay.set(table, key, value)
    }

    /// A request that deletes is taken even when others find no room.
    package mutating func delete(_ table: MetadataTable, _ key: [UInt8]) {
        makesRoom = true
        remove(table, key)
    }

    /// Deletes in the course of something that takes room.
    mutating func remove(_ table: MetadataTable, _ key: [UInt8]) {
        changeByteCount += key.count
        overlay.set(table, key, nil)
    }

    /// Accounts for the records put and deleted, but not for contents, which are accounted for where they are written.
    ///
    /// - Throws: `insufficientStorage`.
    func charge() throws(StoreError) {
        guard changeByteCount > 0 else { return }
        try engine.space.charge(UInt64(changeByteCount), makesRoom ? .deleting : .metadata)
    }

    /// Runs `action` on the leader's thread when the change is durable, before its caller goes on: for caches.
    package mutating func afterCommit(_ action: @escaping @Sendable () -> Void) {
        actions.append(action)
    }
}
