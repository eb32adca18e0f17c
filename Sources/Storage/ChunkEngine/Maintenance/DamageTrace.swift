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
        case .missingPackFile(let pack, _): packs[pack] = problem.description
        case .contentMismatch(let content, _), .missingInlinePart(let content), .damagedInline(let content):
            contents[content] = problem.description
        // These concern no byte of any content, or name a chunk or content that another problem is about.
        case .unreadable, .badPackHeader, .shortPack, .packCount, .chunkCount, .orphanedSegments, .reclaimMismatch,
            .partReference, .metadata:
            break
        }
    }

    /// What is wrong with each content concerned. Reads the recipes and, for missing packs, the index. Blocks.
    package func affectedContents(_ metadata: any MetadataReading) throws(StoreError) -> [UInt64: String] {
        guard !isEmpty else { return [:] }
        var chunks = chunks
        if !packs.isEmpty {
            try metadata.forEach(.chunks, from: [], until: nil) { key, value in
                guard key.count == 32, let record = try? ChunkRecord(decoding: value), let text = packs[record.pack]
                else { return }
                chunks[SHA256Digest(bytes: key)] = text
            }
        }
        var affected = contents
        // Assemblies are numbered after their parts, but a walk by id is not to rely on that: recipes first.
        try forEachSegment(metadata, .recipe) { id, value in
            guard let segment = try? RecipeSegment(decoding: value) else { return }
            guard let text = segment.entries.lazy.compactMap({ chunks[$0.digest] }).first else { return }
            affected[id] = affected[id] ?? text
        }
        let parts = affected
        try forEachSegment(metadata, .assembly) { id, value in
            guard let segment = try? AssemblySegment(decoding: value) else { return }
            guard let text = segment.parts.lazy.compactMap({ parts[$0.content.id] }).first else { return }
            affected[id] = affected[id] ?? text
        }
        return affected
    }

    private func forEachSegment(
        _ metadata: any MetadataReading,
        _ kind: ContentReference.Kind,
        _ body: (UInt64, [UInt8]) -> Void
    ) throws(StoreError) {
        try metadata.forEach(.contents, from: [], until: nil) { key, value in
            guard let (id, segment) = EngineKeys.content(in: key), segment != nil, value.count > 1,
                value[1] == kind.rawValue
            else { return }
            body(id, value)
        }
    }
}
