// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
package import MetadataStore
package import StorageTypes

/// Finds the contents that damage concerns: recipes that name a damaged chunk, and assemblies that have such a part.
package struct DamageTrace: Sendable {
    private var chunks: [SHA256Digest: String] = [:]
    private var packs: [UInt32: String] = [:]
    /// What is wrong, by content id.
    private var contents: [UInt64: String] = [:]

    package init() {}

    package var isEmpty: Bool { chunks.isEmpty && packs.isEmpty && contents.isEmpty }

    package mutating func note(_ finding: ScrubFinding) {
        switch finding {
        case .frame(let digest, _, _): chunks[digest] = finding.description
        case .inline(let content): contents[content] = finding.description
        // Its frames are found damaged one by one, if they are.
        case .packHeader, .metadata: break
        }
    }

    package mutating func note(_ problem: FsckProblem) {
        switch problem {
        case .damagedFrame(let digest, _, _), .missingChunk(let digest, _), .misplacedChunk(let digest, _, _),
            .chunkLength(let digest, _, _):
            chunks[digest] = problem.description
        case .overlappingChunks(let first, let second, _):
            chunks[first] = problem.description
            chunks[second] = problem.description
        case .missingPackFile(let pack, _), .unreadablePackFile(let pack, _, _): packs[pack] = problem.description
        case .contentMismatch(let content, _), .missingInlinePart(let content), .damagedInline(let content):
            contents[content] = problem.description
        // These concern no byte of any content, or name a chunk or content that another problem is about.
        case .unreadable, .badPackHeader, .shortPack, .packCount, .chunkCount, .orphanedSegments, .reclaimMismatch,
            .partReference, .metadata, .keptLogs:
            break
        }
    }

    /// Contents beyond this number are not traced, which is 16 MiB of memory.
    package static let affectedCountMax = 1 << 18

    /// What is wrong with each content concerned. Reads the recipes and, for missing packs, the index. Blocks.
    package func affectedContents(_ metadata: any MetadataReading) throws(StoreError) -> [UInt64: String] {
        guard !isEmpty else { return [:] }
        var affected = contents
        func note(_ id: UInt64, _ text: String) {
            if affected[id] == nil, affected.count < Self.affectedCountMax { affected[id] = text }
        }
        // Assemblies are numbered after their parts, but a walk by id is not to rely on that: recipes first.
        try forEachSegment(metadata, .recipe) { id, value throws(StoreError) in
            guard affected[id] == nil, let segment = try? RecipeSegment(decoding: value) else { return }
            for entry in segment.entries {
                if let text = try damage(to: entry.digest, metadata) { return note(id, text) }
            }
        }
        try forEachSegment(metadata, .assembly) { id, value in
            guard let segment = try? AssemblySegment(decoding: value) else { return }
            // No assembly is a part of another.
            if let text = segment.parts.lazy.compactMap({ affected[$0.content.id] }).first { note(id, text) }
        }
        return affected
    }

    private func damage(to chunk: SHA256Digest, _ metadata: any MetadataReading) throws(StoreError) -> String? {
        if let text = chunks[chunk] { return text }
        guard !packs.isEmpty else { return nil }
        let bytes = try StorageCall.metadata { () throws(MetadataError) in
            try metadata.get(.chunks, EngineKeys.chunk(chunk))
        }
        return bytes.flatMap { try? ChunkRecord(decoding: $0) }.flatMap { packs[$0.pack] }
    }

    private func forEachSegment(
        _ metadata: any MetadataReading,
        _ kind: ContentReference.Kind,
        _ body: (UInt64, [UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        try metadata.forEach(.contents, from: [], until: nil) { key, value throws(StoreError) in
            guard let (id, segment) = EngineKeys.content(in: key), segment != nil, value.count > 1,
                value[1] == kind.rawValue
            else { return }
            try body(id, value)
        }
    }
}
