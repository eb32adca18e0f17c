// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// What the clients of a store know: their contents, the names they were given, and what they have done and seen.
///
/// A value: each crash state takes a copy along.
struct Ledger: Sendable {
    var contents: ContentBook
    var uploads = UploadBook()
    var history = History()
    private var uploadCount = 0

    init(_ contents: ContentBook) {
        self.contents = contents
    }

    mutating func newUpload() -> Int {
        uploadCount += 1
        return uploadCount
    }

    /// The upload of that name. A name nobody was told yet belongs to one of those under way for the key; which one makes no
    /// difference, because nobody can have used it.
    mutating func upload(_ name: String, key: Int) -> Int? {
        if let known = uploads.number(name) { return known }
        let unnamed = history.openChanges.values.compactMap { operation -> Int? in
            guard case .createUpload(let upload, key) = operation, uploads.names[upload] == nil else { return nil }
            return upload
        }
        guard let upload = unnamed.min() else { return nil }
        uploads.name(upload, name)
        return upload
    }
}

/// The names of buckets and keys.
enum Names {
    static let bucket = BucketName(stored: "simulation")
    static let keyCount = 10

    static func key(_ number: Int) -> ObjectKey { ObjectKey(stored: Array("key/\(number)".utf8)) }

    static func number(_ key: ObjectKey) -> Int? {
        String(decoding: key.bytes, as: UTF8.self).split(separator: "/").last.flatMap { Int($0) }
    }
}
