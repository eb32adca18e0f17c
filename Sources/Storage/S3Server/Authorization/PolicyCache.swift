// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Synchronization

/// Compiled bucket policies, so that a request evaluates one without reading JSON again.
///
/// An entry is used only for exactly the text it was made from: a policy that changed is never a stale one.
final class PolicyCache: Sendable {
    static let entryCountMax = 1_024

    struct Entry: Sendable {
        let text: String
        let policy: BucketPolicy
        /// It looks at the tags an object has already.
        let readsTags: Bool
    }

    private let entries = Mutex<[BucketName: Entry]>([:])

    /// Nil when the stored text can't be read, which `PutBucketPolicy` does not let happen; callers deny then.
    func policy(of bucket: BucketName, text: String) -> Entry? {
        // Equal strings that share their storage, as here, compare in constant time.
        if let known = entries.withLock({ $0[bucket] }), known.text == text { return known }
        guard let policy = try? BucketPolicy(parsing: text, bucket: bucket) else { return nil }
        let entry = Entry(text: text, policy: policy, readsTags: text.lowercased().contains("existingobjecttag"))
        entries.withLock { entries in
            if entries.count >= Self.entryCountMax, entries[bucket] == nil { entries.removeAll(keepingCapacity: true) }
            entries[bucket] = entry
        }
        return entry
    }
}
