// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import MetadataStore
import StorageTypes

/// One check of a store that is stopped, or as it was at one moment.
struct StoreCheck {
    let layout: EngineLayout
    let fileSystem: any FileSystem
    let metadata: any MetadataReading
    let depth: FsckDepth
    /// Chunks, or parts of assemblies, held in memory at once.
    let entryCountMax: UInt64
    var report = FsckReport()
    var packs: [UInt32: PackRecord] = [:]

    init(
        _ configuration: EngineConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataReading,
        depth: FsckDepth,
        entryCountMax: UInt64
    ) {
        layout = EngineLayout(dataDirectory: configuration.dataDirectory)
        self.fileSystem = fileSystem
        self.metadata = metadata
        self.depth = depth
        self.entryCountMax = entryCountMax
    }

    /// Blocks.
    mutating func run() throws(StoreError) -> FsckReport {
        try checkFormat()
        if try StorageCall.files({ () throws(FileSystemError) in try fileSystem.exists(layout.kept) }) {
            report.add(.keptLogs)
        }
        do throws(StoreError) {
            try readSystem()
        } catch {
            // Without the packs' records nothing else is as it should be.
            try report.note(error)
            return report
        }
        try stage { check throws(StoreError) in try check.checkPacks() }
        try stage { check throws(StoreError) in try check.checkContents() }
        try stage { check throws(StoreError) in try check.checkParts() }
        try stage { check throws(StoreError) in try check.checkReferences() }
        try stage { check throws(StoreError) in try check.checkInline() }
        return report
    }

    /// Damage to a table of the metadata ends the stage that meets it, and no other.
    private mutating func stage(_ body: (inout StoreCheck) throws(StoreError) -> Void) throws(StoreError) {
        do throws(StoreError) {
            try body(&self)
        } catch {
            try report.note(error)
        }
    }

    private mutating func checkFormat() throws(StoreError) {
        let bytes = try StorageCall.metadata { () throws(MetadataError) in
            try metadata.get(.system, EngineKeys.format)
        }
        // A store that was never started holds nothing to check.
        guard let bytes else { return }
        do throws(DecodeError) {
            _ = try StoreFormat(decoding: bytes)
        } catch {
            guard error.reason == .unsupportedVersion else { return addUnreadable("system", EngineKeys.format, error) }
            throw StoreError(.unavailable, "the store has another format version")
        }
    }

    private mutating func readSystem() throws(StoreError) {
        var packs: [UInt32: PackRecord] = [:]
        var failures: [(key: [UInt8], error: DecodeError)] = []
        try forEach(EngineKeys.packPrefix) { key, value in
            do throws(DecodeError) {
                guard let id = EngineKeys.number(in: key, as: UInt32.self) else {
                    throw DecodeError(.invalidValue, at: 0)
                }
                packs[id] = try PackRecord(decoding: value)
            } catch {
                failures.append((key, error))
            }
        }
        try checkScrubRecord()
        _ = try countMarkers(EngineKeys.joinPrefix, &failures)
        for prefix in [EngineKeys.reclaimPrefix, EngineKeys.pendingPrefix] {
            report.reclaimableContentCount += try countMarkers(prefix, &failures)
        }
        for failure in failures { addUnreadable("system", failure.key, failure.error) }
        self.packs = packs
        report.packCount = UInt64(packs.count)
        report.garbageByteCount = packs.values.reduce(0) { $0 + $1.garbageByteCount }
    }

    private mutating func checkScrubRecord() throws(StoreError) {
        let bytes = try StorageCall.metadata { () throws(MetadataError) in
            try metadata.get(.system, EngineKeys.scrub)
        }
        do throws(DecodeError) {
            if let bytes { _ = try ScrubRecord(decoding: bytes) }
        } catch {
            addUnreadable("system", EngineKeys.scrub, error)
        }
    }

    private func countMarkers(
        _ prefix: UInt8,
        _ failures: inout [(key: [UInt8], error: DecodeError)]
    ) throws(StoreError) -> UInt64 {
        var count: UInt64 = 0
        try forEach(prefix) { key, _ in
            if EngineKeys.number(in: key, as: UInt64.self) != nil {
                count += 1
            } else {
                failures.append((key, DecodeError(.invalidValue, at: 0)))
            }
        }
        return count
    }

    private func forEach(
        _ prefix: UInt8,
        _ body: (_ key: [UInt8], _ value: [UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        let range = EngineKeys.range(of: prefix)
        try metadata.forEach(.system, from: range.lower, until: range.upper, body)
    }

    private mutating func checkInline() throws(StoreError) {
        guard depth >= .frames else { return }
        var walk = InlineWalk(metadata)
        while let (key, value) = try walk.next() {
            guard let content = EngineKeys.inlineContent(in: key) else {
                addUnreadable("inline", key, DecodeError(.invalidValue, at: 0))
                continue
            }
            report.inlineCount += 1
            if value.flatMap({ try? InlineRecord(decoding: $0) }) == nil {
                report.add(.damagedInline(content: content))
            }
        }
    }

    mutating func addUnreadable(_ table: String, _ key: [UInt8], _ error: DecodeError) {
        report.add(.unreadable(table: table, key: Hex.encode(key), reason: "\(error.reason) at byte \(error.offset)"))
    }
}
