// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import FileStore
import Foundation
import MetadataStore
import ObjectStore
import StorageTestSupport
import StorageTypes

/// A data directory on a real drive with everything in it that there can be, of which copies with a flipped bit are opened.
final class DamagedStore {
    /// How the server ended that wrote the directory.
    enum Ending: String, CaseIterable {
        /// All is in tables.
        case stopped
        /// The latest changes are in the log alone.
        case killed
    }

    /// What came of a flipped bit.
    enum Outcome: Hashable {
        /// The store does not open, or says that it lost changes.
        case refused(String)
        case readFailed(String)
        case scrubbed(String)
        case checked(String)
        /// Nobody noticed.
        case unnoticed
        /// An object is another than it was, or is not there, and nobody noticed.
        case wrong(String)
    }

    private let template = TemporaryDirectory()
    private(set) var objects: [String: [UInt8]] = [:]
    /// Where in each pack, with what is before them in their group.
    private var neededFrames: [String: [Range<Int>]] = [:]

    init(_ ending: Ending) async throws {
        let directory = TemporaryDirectory()
        try FileManager.default.removeItem(atPath: template.path)
        try await write(directory, ending)
        if ending == .stopped { try FileManager.default.copyItem(atPath: directory.path, toPath: template.path) }
        try await StoreOnDisk.with(directory) { _, metadata in
            let cursor = try metadata.cursor(.chunks, from: [], until: nil)
            while try cursor.next() {
                let record = try ChunkRecord(decoding: cursor.withCurrent { _, value in [UInt8](value) })
                let name = PackFormat.fileName(record.pack)
                let pack = try Data(contentsOf: URL(fileURLWithPath: directory.file("packs/" + name)))
                let header = try pack.dropFirst(Int(record.offset)).withUnsafeBytes { try FrameHeader(decoding: $0) }
                let start = Int(record.offset) - Int(header.groupDistance)
                self.neededFrames[name, default: []].append(start..<Int(record.frameRange.upperBound))
            }
        }
    }

    private func write(_ directory: TemporaryDirectory, _ ending: Ending) async throws {
        try await StoreOnDisk.with(directory) { store, _ in
            _ = try await store.createBucket(photos, owner: "main", region: "us-east-1")
            for (index, size) in [0, 10, 3_000, 16_000, 20_000, 90_000].enumerated() {
                try await self.put(store, "first/\(size)", content(size, seed: UInt64(index)))
            }
            // None whose value would lie apart: those bytes are of no account, and can't be told from others.
            for (index, size) in [10, 500, 20_000, 90_000].enumerated() {
                try await store.put("dead/\(size)", content(size, seed: UInt64(100 + index)))
            }
            try await self.put(store, "first/text", PatternContent(seed: 3, isCompressible: true).bytes(0..<60_000))
            try await self.put(store, "first/long", content(1_200_000, seed: 9))
            for name in try await store.keys() where name.hasPrefix("dead/") { try await store.delete(name) }
            // Dead frames stay where they are: the large ones with holes, the small ones whole.
            var policy = GarbagePolicy()
            (policy.rewriteShareMin, policy.holeByteCountMin) = (1, 1)
            _ = try await store.collectGarbage(policy) { _ in }
        }
        // A group of frames of which some are dead: in the middle, where later ones need them, and at the end, which is a hole.
        try await StoreOnDisk.with(directory) { store, _ in
            func text(_ index: Int) -> [UInt8] {
                PatternContent(seed: UInt64(200 + index), isCompressible: true).bytes(0..<40_000)
            }
            for index in 0..<8 { try await self.put(store, "group/\(index)", text(index)) }
            var policy = GarbagePolicy()
            (policy.rewriteShareMin, policy.holeByteCountMin, policy.recompressIdleSecondsMin) = (1, 1, 0)
            _ = try await store.collectGarbage(policy) { _ in }
            for name in [2, 3, 5, 6, 7].map({ "group/\($0)" }) {
                try await store.delete(name)
                self.objects[name] = nil
            }
            let report = try await store.collectGarbage(policy) { _ in }
            precondition(report.holeByteCount > 0, "the group has a hole behind its last live frame")
        }
        try await StoreOnDisk.with(directory) { store, _ in
            for (index, size) in [20, 2_000, 30_000].enumerated() {
                try await self.put(store, "second/\(size)", content(size, seed: UInt64(50 + index)))
            }
            let done = try await store.upload("second/parts")
            let parts = [
                try await store.part(done, 1, content(70_000, seed: 60)), try await store.part(done, 2, [1, 2]),
            ]
            _ = try await store.complete(done, parts)
            self.objects["second/parts"] = content(70_000, seed: 60) + [1, 2]
            try await store.part(try await store.upload("open"), 1, content(40_000, seed: 70))
            try await store.delete("first/10")
            self.objects["first/10"] = nil
            if ending == .killed {
                try FileManager.default.copyItem(atPath: directory.path, toPath: self.template.path)
            }
        }
    }

    private func put(_ store: ObjectStore, _ name: String, _ bytes: [UInt8]) async throws {
        try await store.put(name, bytes)
        objects[name] = bytes
    }

    /// Paths below the directory, with their sizes.
    func files() throws -> [(path: String, byteCount: Int)] {
        try FileManager.default.subpathsOfDirectory(atPath: template.path).sorted().compactMap { path in
            let attributes = try FileManager.default.attributesOfItem(atPath: template.file(path))
            guard attributes[.type] as? FileAttributeType == .typeRegular else { return nil }
            return (path, attributes[.size] as? Int ?? 0)
        }
    }

    /// What nobody reads, or nobody's bytes depend on (docs/operations.md).
    func isIrrelevant(byte: Int, of file: (path: String, byteCount: Int)) -> Bool {
        let name = file.path.split(separator: "/").last ?? ""
        // RocksDB writes them for people, or compares them with nothing.
        if name.hasPrefix("OPTIONS-") || name == "IDENTITY" { return true }
        // Within the footer: unused room behind two varints, and the format version, of which several are read alike.
        if name.hasSuffix(".sst") { return byte >= file.byteCount - Self.tableFooterByteCount }
        // Dead frames that no live one of their group needs, and what is between frames.
        return name.hasSuffix(".pack") && byte >= PackFormat.headerByteCount
            && !(neededFrames[String(name)] ?? []).contains { $0.contains(byte) }
    }

    private static let tableFooterByteCount = 53

    func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: template.file(path))))
    }

    /// Everything that finds damage, one after the other, on a copy with a bit flipped.
    func outcome(flipping bit: Int, of path: String) async throws -> Outcome {
        let copy = TemporaryDirectory()
        try FileManager.default.removeItem(atPath: copy.path)
        try FileManager.default.copyItem(atPath: template.path, toPath: copy.path)
        var damaged = try bytes(path)
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        try Data(damaged).write(to: URL(fileURLWithPath: copy.file(path)))
        var outcome = Outcome.unnoticed
        do {
            try await StoreOnDisk.with(copy) { store, metadata in outcome = try await self.look(store, metadata) }
        } catch {
            return .refused("\(error)")
        }
        return outcome
    }

    private func look(_ store: ObjectStore, _ metadata: RocksDBMetadataStore) async throws -> Outcome {
        if let damage = metadata.logDamage { return .refused(damage) }
        var wrong: String?
        do {
            let names = Set(try await store.keys())
            if names != Set(objects.keys) { wrong = "keys \(names.symmetricDifference(objects.keys))" }
            for (name, bytes) in objects.sorted(by: { $0.key < $1.key }) where names.contains(name) {
                if try await store.get(name) != bytes { wrong = name }
            }
        } catch {
            guard error.code == .corrupted || error.code == .ioFailure else { throw error }
            return wrong.map { .wrong($0) } ?? .readFailed("\(error)")
        }
        let scrub = try await store.scrub(ScrubPolicy(), pause: { _ in }, found: { _ in })
        if let finding = scrub.findings.first { return .scrubbed("\(finding)") }
        let report = try ObjectStoreMaintenance.fsck(
            store.configuration,
            fileSystem: LinuxFileSystem(),
            metadata: metadata
        )
        if !report.isClean { return .checked("\(report.engine.problems) \(report.objects.problems)") }
        return wrong.map { .wrong($0) } ?? .unnoticed
    }
}
