// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Synchronization

/// All buckets, in memory: what every request looks up first and may not wait for.
///
/// Loaded at open; the leader of a commit changes it once the commit is durable and before its caller resumes. What decides
/// inside a commit is the record in the metadata store, never this copy.
final class BucketTable: Sendable {
    struct Entry: Sendable {
        let id: UInt64
        var info: BucketInfo
    }

    private let entries: Mutex<[BucketName: Entry]>

    init(_ entries: [BucketName: Entry]) {
        self.entries = Mutex(entries)
    }

    /// - Throws: `noSuchBucket`.
    func find(_ name: BucketName) throws(StoreError) -> Entry {
        guard let entry = entries.withLock({ $0[name] }) else {
            throw StoreError(.noSuchBucket, details: .bucket(name.string))
        }
        return entry
    }

    var count: Int { entries.withLock { $0.count } }

    var sorted: [BucketInfo] {
        entries.withLock { $0.values.map(\.info) }.sorted { $0.name < $1.name }
    }

    func insert(_ entry: Entry) {
        entries.withLock { $0[entry.info.name] = entry }
    }

    /// Nothing happens when the name belongs to another bucket by now.
    func remove(_ name: BucketName, id: UInt64) {
        entries.withLock { if $0[name]?.id == id { $0[name] = nil } }
    }

    func setPolicy(_ policy: String?, of name: BucketName, id: UInt64) {
        entries.withLock { if $0[name]?.id == id { $0[name]?.info.policy = policy } }
    }
}
