// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import NIOCore
import StorageTypes

extension EngineParts {
    /// A value by the rules of `access`.
    func value(
        _ table: MetadataTable,
        _ key: [UInt8],
        _ access: ReadAccess
    ) throws(ReadFailure) -> [UInt8]? {
        switch access {
        case .blocking:
            return try reading { () throws(StoreError) in
                try StorageCall.metadata { () throws(MetadataError) in try self.metadata.get(table, key) }
            }
        case .cachedOnly, .cachedPlain:
            let cached = try reading { () throws(StoreError) in
                try StorageCall.metadata { () throws(MetadataError) in try self.metadata.getIfCached(table, key) }
            }
            switch cached {
            case .value(let value): return value
            case .absent: return nil
            case .unknown: throw .wouldBlock
            }
        }
    }

    func recipeSegment(_ id: UInt64, _ index: UInt32, _ access: ReadAccess) throws(ReadFailure) -> RecipeSegment {
        let bytes = try required(.contents, EngineKeys.segment(id, index), access, "segment \(index) of content \(id)")
        return try reading { () throws(StoreError) in
            try StorageCall.decoding("segment \(index) of content \(id)") { () throws(DecodeError) in
                try RecipeSegment(decoding: bytes)
            }
        }
    }

    func assemblySegment(_ id: UInt64, _ index: UInt32, _ access: ReadAccess) throws(ReadFailure) -> AssemblySegment {
        let bytes = try required(.contents, EngineKeys.segment(id, index), access, "segment \(index) of content \(id)")
        return try reading { () throws(StoreError) in
            try StorageCall.decoding("segment \(index) of content \(id)") { () throws(DecodeError) in
                try AssemblySegment(decoding: bytes)
            }
        }
    }

    func contentHead(_ id: UInt64, _ access: ReadAccess) throws(ReadFailure) -> ContentHead {
        let bytes = try required(.contents, EngineKeys.head(id), access, "head of content \(id)")
        return try reading { () throws(StoreError) in try ContentHead(bytes, of: id) }
    }

    func storedValue(_ table: MetadataTable, _ key: [UInt8]) throws(StoreError) -> [UInt8]? {
        try StorageCall.metadata { () throws(MetadataError) in try self.metadata.get(table, key) }
    }

    /// All parts of an assembly. Blocks.
    func assemblyParts(_ content: ContentReference) throws(StoreError) -> [AssemblyPart] {
        var parts: [AssemblyPart] = []
        do throws(ReadFailure) {
            let count = try contentHead(content.id, .blocking).segmentCount
            for index in 0..<count { parts.append(contentsOf: try assemblySegment(content.id, index, .blocking).parts) }
        } catch {
            throw error.blocking
        }
        return parts
    }

    /// What an inline record holds, verified.
    static func plainBytes(ofInline record: [UInt8], _ content: ContentReference) throws(StoreError) -> ArraySlice<
        UInt8
    > {
        let bytes = try StorageCall.decoding("inline content \(content.id)") { () throws(DecodeError) in
            try InlineRecord(decoding: record).bytes
        }
        guard bytes.count == Int(content.size) else {
            throw StoreError(.corrupted, diagnosis: "inline content \(content.id) has another size")
        }
        return bytes
    }

    func required(
        _ table: MetadataTable,
        _ key: [UInt8],
        _ access: ReadAccess,
        _ name: @autoclosure () -> String
    ) throws(ReadFailure) -> [UInt8] {
        guard let bytes = try value(table, key, access) else {
            throw .store(StoreError(.corrupted, diagnosis: "\(name()) is missing"))
        }
        return bytes
    }
}
