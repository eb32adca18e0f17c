// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension StoreCheck {
    /// Compares how often assemblies name each part with what its head counts, and looks for the small ones.
    ///
    /// Memory is bounded by counting a range of ids at a time; each range reads the assemblies once.
    mutating func checkParts() throws(StoreError) {
        var lower: UInt64?
        repeat {
            var uses = UseCounts(from: lower, countMax: Int(entryCountMax))
            try metadata.forEach(.contents, from: [], until: nil) { key, value throws(StoreError) in
                guard EngineKeys.content(in: key)?.segment != nil, value.count > 1,
                    value[1] == ContentReference.Kind.assembly.rawValue,
                    // What can't be decoded was reported before.
                    let segment = try? AssemblySegment(decoding: value)
                else { return }
                for part in segment.parts.map(\.content) {
                    switch part.kind {
                    case .recipe, .stretch: uses.add(part.id)
                    case .inline: if lower == nil { try checkInlinePart(part.id) }
                    case .empty, .assembly: break
                    }
                }
            }
            try compare(uses)
            lower = uses.upper
        } while lower != nil
    }

    private mutating func compare(_ uses: UseCounts<UInt64>) throws(StoreError) {
        for (id, actual) in uses.counts.sorted(by: { $0.key < $1.key }) {
            let bytes = try StorageCall.metadata { () throws(MetadataError) in
                try metadata.get(.contents, EngineKeys.head(id))
            }
            let recorded = bytes.flatMap { try? ContentHead(decoding: $0) }?.referenceCount ?? 0
            if recorded < actual { report.add(.partReference(content: id, recorded: recorded, actual: actual)) }
        }
    }

    private mutating func checkInlinePart(_ id: UInt64) throws(StoreError) {
        let bytes = try StorageCall.metadata { () throws(MetadataError) in
            try metadata.get(.inline, EngineKeys.inline(id))
        }
        if bytes == nil { report.add(.missingInlinePart(content: id)) }
    }
}
