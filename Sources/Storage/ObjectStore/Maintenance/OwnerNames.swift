// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// Gives keys of the tables the names that people know.
struct OwnerNames {
    /// Of buckets and of those whose uploads are still being dropped.
    var buckets: [UInt64: String] = [:]

    func object(_ key: [UInt8]) -> ObjectProblem.Subject {
        guard let split = ObjectKeys.splitObject(key), let bucket = buckets[split.bucketID] else {
            return .record(table: "objects", key: Hex.encode(key))
        }
        return .object(bucket: bucket, key: String(decoding: split.key, as: UTF8.self))
    }

    /// Of which bucket and key, `nameUploads` finds out: its key says nothing of them.
    func part(_ key: [UInt8]) -> ObjectProblem.Subject {
        guard let split = ObjectKeys.splitPart(key) else {
            return .record(table: "uploads", key: Hex.encode(key))
        }
        return .part(uploadID: split.id.string, number: split.number, object: nil)
    }

    /// Says of parts what they are to become. Reads the keys of all uploads when there are any.
    func nameUploads(in problems: inout [ObjectProblem], _ metadata: any MetadataReading) throws(StoreError) {
        var unnamed: [String: [Int]] = [:]
        for (index, problem) in problems.enumerated() {
            if case .part(let id, _, nil) = problem.subject { unnamed[id, default: []].append(index) }
        }
        guard !unnamed.isEmpty else { return }
        try TableScan(metadata).forEach(.uploads, prefix: ObjectKeys.uploads) { key, _ in
            guard let split = ObjectKeys.splitUpload(key), let bucket = buckets[split.bucketID] else { return }
            for index in unnamed[split.id.string] ?? [] {
                guard case .part(let id, let number, _) = problems[index].subject else { continue }
                let object = "\(bucket)/\(String(decoding: split.key, as: UTF8.self))"
                problems[index].subject = .part(uploadID: id, number: number, object: object)
            }
        }
    }

    /// Calls `body` with everybody who refers to one of `contents`. Reads all versions and parts.
    func forEachOwner(
        of contents: [UInt64: String],
        _ metadata: any MetadataReading,
        _ body: (ObjectProblem.Subject, _ content: UInt64, _ text: String) -> Void
    ) throws(StoreError) {
        guard !contents.isEmpty else { return }
        try Self.forEachReference(metadata) { owner, content in
            guard content.kind != .empty, let text = contents[content.id] else { return }
            switch owner {
            case .version(let key): body(object(key), content.id, text)
            case .part(let key): body(part(key), content.id, text)
            }
        }
    }

    /// Who refers to a content, by its key.
    enum Owner {
        case version([UInt8])
        case part([UInt8])
    }

    /// All references of versions and parts that can be read.
    static func forEachReference(
        _ metadata: any MetadataReading,
        _ body: (Owner, ContentReference) -> Void
    ) throws(StoreError) {
        for table in [MetadataTable.objects, .versions] {
            try TableScan(metadata).forEach(table, prefix: []) { key, value throws(StoreError) in
                guard let content = try? VersionHeader.decode(value, key).content else { return }
                body(.version(key), content)
            }
        }
        try TableScan(metadata).forEach(.uploads, prefix: [ObjectKeys.UploadsPrefix.part]) {
            key,
            value throws(StoreError) in
            guard let content = try? PartRecord(decoding: value).content else { return }
            body(.part(key), content)
        }
    }
}

extension OwnerNames {
    /// What can be read of the names. Blocks.
    init(_ metadata: any MetadataReading) throws(StoreError) {
        var buckets: [UInt64: String] = [:]
        let scan = TableScan(metadata)
        try scan.forEach(.system, prefix: [ObjectKeys.SystemPrefix.bucket]) { key, value throws(StoreError) in
            guard let record = try? BucketRecord(decoding: value) else { return }
            buckets[record.id] = String(decoding: key.dropFirst(), as: UTF8.self)
        }
        self.init(buckets: buckets)
    }
}
