// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// The contents that have an entry in the reclaim queue or a pending marker, looked up beside a walk over ascending ids: there
/// may be millions.
struct ContentMarkers {
    private let cursor: any MetadataCursor
    private var id: UInt64?

    /// - Parameter prefix: of the entries' keys.
    init(_ metadata: any MetadataReading, _ prefix: UInt8) throws(StoreError) {
        let range = EngineKeys.range(of: prefix)
        cursor = try StorageCall.metadata { () throws(MetadataError) in
            try metadata.cursor(.system, from: range.lower, until: range.upper)
        }
        try advance()
    }

    /// - Parameter content: not below the last one.
    mutating func contain(_ content: UInt64) throws(StoreError) -> Bool {
        while let id, id < content { try advance() }
        return id == content
    }

    /// Passes over keys of another length.
    private mutating func advance() throws(StoreError) {
        while try StorageCall.metadata({ () throws(MetadataError) in try cursor.next() }) {
            id = cursor.withCurrent { key, _ in EngineKeys.number(in: key, as: UInt64.self) }
            if id != nil { return }
        }
        id = nil
    }
}
