// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
import StorageTypes

/// Reads every record, checks what it says and whom it belongs to, and names who is concerned by
/// what the reference audit found.
package struct ObjectAudit: Sendable {
    package private(set) var problems: [ObjectProblem] = []
    package private(set) var problemCount: UInt64 = 0
    package private(set) var objectCount: UInt64 = 0
    package private(set) var uploadCount: UInt64 = 0
    package private(set) var partCount: UInt64 = 0
    /// What damage to the tables of the metadata has kept from being looked at.
    private(set) var obstacles: [StoreError] = []
    private var names = OwnerNames()
    /// Problems beyond this number are only counted.
    package static let problemCountMax = 10_000
    /// 64 MiB.
    package static let referenceCountMax: UInt64 = 4 << 20

    /// - Parameter damage: to chunks, packs and contents, found otherwise.
    init(
        _ metadata: any MetadataReading,
        damage: DamageTrace = DamageTrace(),
        referenceCountMax: UInt64 = Self.referenceCountMax
    ) throws(StoreError) {
        try stage { audit throws(StoreError) in try audit.readBuckets(metadata) }
        try stage { audit throws(StoreError) in try audit.readObjects(metadata) }
        try stage { audit throws(StoreError) in try audit.readUploads(metadata) }
        try stage { audit throws(StoreError) in
            try audit.readParts(metadata, uploadCountMax: max(1, referenceCountMax / 4))
        }
        var findings: [UInt64: String] = [:]
        // Where a table can't be read, everything would seem to lack what it refers to.
        if obstacles.isEmpty {
            try stage { audit throws(StoreError) in
                let ownerCount = audit.objectCount + audit.partCount
                findings = try ReferenceAudit(metadata, ownerCount: ownerCount, referenceCountMax).findings
            }
        }
        try stage { _ throws(StoreError) in
            let damaged = try damage.affectedContents(metadata)
            findings.merge(damaged) { finding, damage in "\(damage); \(finding)" }
        }
        try stage { audit throws(StoreError) in
            try audit.nameFindings(findings, metadata)
            try audit.names.nameUploads(in: &audit.problems, metadata)
        }
    }

    /// Damage to a table of the metadata ends the stage that meets it, and no other.
    private mutating func stage(_ body: (inout ObjectAudit) throws(StoreError) -> Void) throws(StoreError) {
        do throws(StoreError) {
            try body(&self)
        } catch {
            guard error.code == .corrupted else { throw error }
            obstacles.append(error)
        }
    }

    /// Names those who suffer from what the engine's check found, too.
    init(_ metadata: any MetadataReading, after engine: FsckReport) throws(StoreError) {
        var damage = DamageTrace()
        for problem in engine.problems { damage.note(problem) }
        try self.init(metadata, damage: damage)
    }

    /// Adds whom damage concerns that was found otherwise, if nothing was said of them before.
    mutating func add(_ others: [ObjectProblem]) {
        let known = Set(problems.map(\.subject))
        for problem in others where !known.contains(problem.subject) { add(problem.subject, problem.text) }
    }

    private mutating func add(_ subject: ObjectProblem.Subject, _ text: String) {
        problemCount += 1
        guard problems.count < Self.problemCountMax else { return }
        problems.append(ObjectProblem(subject: subject, text: text))
    }

    private func text(_ error: DecodeError) -> String {
        "its record can't be read: \(error.reason) at byte \(error.offset)"
    }

    private mutating func readBuckets(_ metadata: any MetadataReading) throws(StoreError) {
        var found: [(ObjectProblem.Subject, String)] = []
        var names: [UInt64: String] = [:]
        var idMax: UInt64 = 0
        let scan = TableScan(metadata)
        try scan.forEach(.system, prefix: [ObjectKeys.SystemPrefix.bucket]) { key, value throws(StoreError) in
            let name = String(decoding: key.dropFirst(), as: UTF8.self)
            do throws(DecodeError) {
                let record = try BucketRecord(decoding: value)
                if let other = names.updateValue(name, forKey: record.id) {
                    found.append((.bucket(name), "has the id of bucket \(other)"))
                }
                idMax = max(idMax, record.id)
            } catch {
                found.append((.bucket(name), text(error)))
            }
        }
        try scan.forEach(.system, prefix: [ObjectKeys.SystemPrefix.droppedBucket]) { key, value throws(StoreError) in
            guard let id = ObjectKeys.splitDroppedBucket(key), let name = try? SystemValue.decode(value) else {
                found.append((.record(table: "system", key: Hex.encode(key)), "no marker of a dropped bucket"))
                return
            }
            names[id] = String(decoding: name, as: UTF8.self)
        }
        try scan.forEach(.system, prefix: ObjectKeys.nextBucketID) { key, value throws(StoreError) in
            guard (try? SystemValue.decode(integer: value)).map({ $0 > idMax }) != true else { return }
            found.append((.record(table: "system", key: Hex.encode(key)), "the next bucket id is damaged or used"))
        }
        self.names.buckets = names
        for (subject, text) in found { add(subject, text) }
    }

    private mutating func readObjects(_ metadata: any MetadataReading) throws(StoreError) {
        for table in [MetadataTable.objects, .versions] {
            try TableScan(metadata).forEach(table, prefix: []) { key, value throws(StoreError) in
                let subject = names.object(key)
                if case .record = subject { add(subject, "belongs to no bucket") }
                do throws(DecodeError) {
                    _ = try VersionRecord(decoding: value)
                    objectCount += 1
                } catch {
                    add(subject, text(error))
                }
            }
        }
    }

    private mutating func readUploads(_ metadata: any MetadataReading) throws(StoreError) {
        let prefix = [ObjectKeys.UploadsPrefix.upload]
        try TableScan(metadata).forEach(.uploads, prefix: prefix) { key, value throws(StoreError) in
            guard let split = ObjectKeys.splitUpload(key), let bucket = names.buckets[split.bucketID] else {
                return add(.record(table: "uploads", key: Hex.encode(key)), "belongs to no bucket")
            }
            uploadCount += 1
            do throws(DecodeError) {
                _ = try UploadRecord(decoding: value)
            } catch {
                let objectKey = String(decoding: split.key, as: UTF8.self)
                add(.upload(bucket: bucket, key: objectKey, uploadID: split.id.string), text(error))
            }
        }
    }

    /// Looks for the upload of each part. Memory is bounded by doing that for a share of the uploads at a time.
    private mutating func readParts(_ metadata: any MetadataReading, uploadCountMax: UInt64) throws(StoreError) {
        let shareCount = uploadCount / uploadCountMax + 1
        for share in 0..<shareCount {
            func isInShare(_ id: UploadID) -> Bool { id.random % shareCount == share }
            let uploads = try uploads(metadata, where: isInShare)
            try TableScan(metadata).forEach(.uploads, prefix: [ObjectKeys.UploadsPrefix.part]) {
                key,
                value throws(StoreError) in
                let id = ObjectKeys.splitPart(key)?.id
                guard id.map(isInShare) ?? (share == 0) else { return }
                var subject = names.part(key)
                if id.map(uploads.contains) != true {
                    subject = .record(table: "uploads", key: Hex.encode(key))
                    add(subject, "belongs to no upload")
                }
                do throws(DecodeError) {
                    _ = try PartRecord(decoding: value)
                    partCount += 1
                } catch {
                    add(subject, text(error))
                }
            }
        }
    }

    private func uploads(
        _ metadata: any MetadataReading,
        where isWanted: (UploadID) -> Bool
    ) throws(StoreError) -> Set<UploadID> {
        var uploads: Set<UploadID> = []
        try TableScan(metadata).forEach(.uploads, prefix: ObjectKeys.uploads) { key, _ throws(StoreError) in
            guard let split = ObjectKeys.splitUpload(key), names.buckets[split.bucketID] != nil else { return }
            if isWanted(split.id) { uploads.insert(split.id) }
        }
        return uploads
    }

    /// A second walk, only when something was found, gives contents the names of those who refer to them.
    private mutating func nameFindings(
        _ findings: [UInt64: String],
        _ metadata: any MetadataReading
    ) throws(StoreError) {
        var unnamed = findings
        let names = names
        try names.forEachOwner(of: findings, metadata) { subject, content, text in
            add(subject, text)
            unnamed[content] = nil
        }
        for (id, text) in unnamed.sorted(by: { $0.key < $1.key }) { add(.content(id), text) }
    }
}
