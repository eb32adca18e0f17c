// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import OCIModel
package import StorageTypes
import Synchronization

/// Repositories, blobs, manifests, tags and upload sessions, kept in one bucket of an object store.
///
/// It holds no state of its own but locks: everything is in the bucket, so a restart forgets nothing.
///
/// What its methods promise, each durable when the method returns:
///
/// 1. Content under `blobs/` is written only while its digest is locked, and only after a holder of it was recorded; it
///    is deleted only under the same lock and when no holder is left. So a linked blob always has its content.
/// 2. A manifest is written after the back references of everything it names (which are checked under the
///    repository's lock), and a tag after its manifest. Deletes take the same lock and go the other way: a blob or
///    manifest that a manifest of the repository names is not deleted. So an acknowledged push stays whole.
/// 3. A crash between two writes leaves at most records that protect too much: holders and back references without the
///    thing they point at. They are recognised and removed when they would be in the way.
///
/// Locks order: a repository's before a digest's. They hold inside one process: two processes on one bucket must not
/// both delete.
package struct RegistryStore<Store: ObjectStoring>: Sendable {
    let store: Store
    let bucket: BucketName
    package let configuration: RegistryConfiguration
    let clock: any WallClock
    let random: any RandomSource
    let repositories = KeyedLock()
    let digests = KeyedLock()
    /// Sessions with a writer.
    let writing = SessionGuard()

    /// Makes the bucket if it is missing.
    package init(
        store: Store,
        configuration: RegistryConfiguration,
        clock: any WallClock,
        random: any RandomSource
    ) async throws(StoreError) {
        self.store = store
        self.bucket = try BucketName(configuration.bucket)
        self.configuration = configuration
        self.clock = clock
        self.random = random
        do {
            _ = try await store.createBucket(bucket, owner: configuration.owner, region: configuration.region)
        } catch {
            guard error.code == .bucketAlreadyOwnedByYou || error.code == .bucketAlreadyExists else { throw error }
        }
    }
}

/// Which upload sessions are being written to: the second writer of one is refused, not queued.
final class SessionGuard: Sendable {
    private let busy = Mutex<Set<String>>([])

    /// False when somebody else writes.
    func enter(_ id: String) -> Bool { busy.withLock { $0.insert(id).inserted } }

    func leave(_ id: String) { busy.withLock { _ = $0.remove(id) } }
}
