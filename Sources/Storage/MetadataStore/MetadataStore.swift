// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The tables of the store; raw values name them on disk and in traces.
package enum MetadataTable: UInt8, Sendable, CaseIterable {
    /// Format version, buckets, pack records, the reclaim queue, pending recipes.
    case system = 1
    /// The current version of each object: what listings scan.
    case objects = 2
    /// Noncurrent versions and delete markers.
    case versions = 3
    /// Multipart uploads and their parts.
    case uploads = 4
    /// Recipes and assemblies.
    case contents = 5
    /// The chunk index.
    case chunks = 6
    /// Bytes of small objects.
    case inline = 7
}

/// Changes that become visible and durable together.
package struct MetadataBatch: Sendable {
    package enum Operation: Sendable {
        case put(MetadataTable, key: [UInt8], value: [UInt8])
        case delete(MetadataTable, key: [UInt8])
    }

    package private(set) var operations: [Operation] = []

    package init() {}

    package var isEmpty: Bool { operations.isEmpty }

    package mutating func put(_ table: MetadataTable, _ key: [UInt8], _ value: [UInt8]) {
        operations.append(.put(table, key: key, value: value))
    }

    package mutating func delete(_ table: MetadataTable, _ key: [UInt8]) {
        operations.append(.delete(table, key: key))
    }
}

/// What a look-up that may not wait found.
package enum CachedValue: Sendable, Equatable {
    case value([UInt8])
    case absent
    /// Only a read of the device can tell.
    case unknown
}

/// Ordered keys and values as they are read. Keys compare as bytes. Calls may block; all are safe from any thread, concurrently.
package protocol MetadataReading: Sendable {
    func get(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> [UInt8]?
    /// A cursor over keys in `lower..<upper` (nil: to the end of the table) of the state at this moment, before the first.
    func cursor(_ table: MetadataTable, from lower: [UInt8], until upper: [UInt8]?) throws(MetadataError)
        -> any MetadataCursor
}

/// Ordered keys and values with atomic, durable batches.
///
/// Calls may block, except `getIfCached`.
/// After `commit` has thrown, the store refuses further commits (`failed`) until it is opened again, and goes on reading.
package protocol MetadataStore: MetadataReading {
    /// Never touches the device. An empty value is `unknown`, wherever it is.
    func getIfCached(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) -> CachedValue
    /// All or nothing, durable when it returns. Later operations on a key win over earlier ones.
    func commit(_ batch: MetadataBatch) throws(MetadataError)
    /// All tables as they are at this moment, between two commits, whatever is committed later. What is deleted meanwhile
    /// keeps its space, so let it go soon.
    func snapshot() throws(MetadataError) -> any MetadataReading
    /// What a table takes on the device. Costs no more than a look-up.
    func footprint(_ table: MetadataTable) -> TableFootprint
    /// What is known of a table's keys without reading them. Reads a little of each of its files.
    func keyCounts(_ table: MetadataTable) throws(MetadataError) -> TableKeyCounts
    /// Gives back the space of what was deleted from a table, which otherwise comes back with later writes only. Takes some room
    /// meanwhile: that of the table without the values that lie apart, and `movedByteCountMax`.
    ///
    /// - Parameter movedByteCountMax: about how many bytes of values may be copied out of files that have deleted ones as
    ///   well. 0: only files of which nothing is left go.
    /// - Throws: `failed` soon after `stop` is raised, with all contents as they were.
    func compact(_ table: MetadataTable, movedByteCountMax: UInt64, until stop: StopSign) throws(MetadataError)
    /// Reads what is on the device, past all caches, and compares its checksums. Takes as long as reading all of it.
    ///
    /// - Throws: `corrupted`, naming what is damaged; `failed` soon after `stop` is raised.
    func verify(until stop: StopSign) throws(MetadataError)
    /// Flushes what speeds up the next start and releases the files. Nothing is called afterwards.
    func close()
}

/// Keys as they lie on the device, without what is only in memory and in the log.
package struct TableKeyCounts: Sendable, Hashable {
    /// Deleted and overwritten ones included, as far as they have not been compacted.
    package var putCount: UInt64 = 0
    /// Deletions that have not been compacted.
    package var deletedCount: UInt64 = 0

    package init() {}
}

/// What a table takes on the device, without what is only in memory and in the log.
package struct TableFootprint: Sendable, Hashable {
    /// Keys, and values that lie with them.
    package var treeByteCount: UInt64 = 0
    /// Files of values that lie apart.
    package var valueByteCount: UInt64 = 0
    /// What of these is known to be deleted. `compact` finds out about the rest.
    package var deletedValueByteCount: UInt64 = 0

    package init() {}

    package var byteCount: UInt64 { treeByteCount + valueByteCount }
}

/// A walk over a table in key order. One thread at a time; it pins the state it was made from, so let it go soon.
package protocol MetadataCursor: AnyObject {
    /// Goes to the next pair and says whether there is one.
    func next() throws(MetadataError) -> Bool
    /// Makes the following `next()` return the first pair with a key not below `key` (which is not below the lower bound).
    func seek(to key: [UInt8]) throws(MetadataError)
    /// Lends the pair `next()` went to; the bytes are valid inside `body` only.
    func withCurrent<Result>(
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Result
    ) -> Result
}

/// Why a metadata operation failed.
package struct MetadataError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        case ioFailure, noSpace, corrupted, locked, unsupportedFormat
        /// An earlier commit failed; only reads are served.
        case failed
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
