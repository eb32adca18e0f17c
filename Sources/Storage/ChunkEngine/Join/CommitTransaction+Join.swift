// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension CommitTransaction {
    /// Makes the parts of an assembly stretches of one recipe; false, and no more than its marker goes, when nobody refers to it
    /// any more.
    ///
    /// The assembly keeps its id, its parts their sizes and digests, so all who refer to it need not know. Who reads it just now may have
    /// the list of the old parts: these are released by an assembly of their own, which the readers' pins keep.
    ///
    /// - Parameters:
    ///   - parts: as they are stored.
    ///   - recipe: of the same bytes.
    mutating func join(
        _ assembly: UInt64,
        _ parts: [AssemblyPart],
        as recipe: StagedRecipe
    ) throws(StoreError) -> Bool {
        delete(.system, EngineKeys.join(assembly))
        guard let head = try head(assembly), head.referenceCount > 0 else { return false }
        let stretchCount = parts.count { $0.content.kind != .empty }
        let whole = try adopt(recipe, size: head.size, referenceCount: UInt64(stretchCount))
        let earlier = try assemble(parts)
        try release(earlier)
        putParts(parts.map { $0.stretch(of: whole.id) }, of: assembly)
        let pins = engine.pins
        afterCommit { pins.keep(earlier.id, for: assembly) }
        return true
    }
}

extension AssemblyPart {
    fileprivate func stretch(of recipe: UInt64) -> AssemblyPart {
        guard content.kind != .empty else { return self }
        let stretch = ContentReference(kind: .stretch, id: recipe, size: content.size)
        return AssemblyPart(number: number, content: stretch, md5: md5, checksum: checksum)
    }
}
