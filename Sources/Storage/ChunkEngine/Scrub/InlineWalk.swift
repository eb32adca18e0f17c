// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
package import MetadataStore
package import StorageTypes

/// A walk over inline contents, by id, that goes on behind one whose bytes the metadata store finds damaged. Blocks.
package struct InlineWalk {
    private let metadata: any MetadataReading
    private var cursor: (any MetadataCursor)?
    /// Where a walk that met damage goes on; nil at the end.
    private var nextID: UInt64?

    /// - Parameter metadata: of one moment.
    package init(_ metadata: any MetadataReading, from start: UInt64 = 0) {
        self.metadata = metadata
        nextID = start
    }

    /// The next content's key, and its record unless that is damaged; nil at the end.
    ///
    /// - Throws: `corrupted` when it is not one content's bytes that are damaged, but the table.
    package mutating func next() throws(StoreError) -> (key: [UInt8], value: [UInt8]?)? {
        do throws(MetadataError) {
            return try step()
        } catch {
            throw StoreError(error)
        }
    }

    private mutating func step() throws(MetadataError) -> (key: [UInt8], value: [UInt8]?)? {
        guard let lower = nextID else { return nil }
        do throws(MetadataError) {
            let cursor = try cursor(from: lower)
            guard try cursor.next() else { return nil }
            let (key, value) = cursor.withCurrent { ([UInt8]($0), [UInt8]($1)) }
            if let id = EngineKeys.inlineContent(in: key) { goOn(behind: id) }
            return (key, value)
        } catch {
            guard error.concernsOneValue else { throw error }
            let id = try damaged(from: lower)
            cursor = nil
            goOn(behind: id)
            return (EngineKeys.inline(id), nil)
        }
    }

    private mutating func cursor(from lower: UInt64) throws(MetadataError) -> any MetadataCursor {
        if let cursor { return cursor }
        let made = try metadata.cursor(.inline, from: EngineKeys.inline(lower), until: nil)
        cursor = made
        return made
    }

    private mutating func goOn(behind id: UInt64) {
        nextID = id == .max ? nil : id + 1
    }

    /// The first content from `lower` on, whose bytes are damaged. The metadata store does not say which it is, only whether it comes
    /// before an end.
    private func damaged(from lower: UInt64) throws(MetadataError) -> UInt64 {
        var (low, high) = (lower, UInt64.max)
        while low < high {
            let middle = low + (high - low) / 2
            do throws(MetadataError) {
                let (lower, upper) = (EngineKeys.inline(lower), EngineKeys.inline(middle + 1))
                _ = try metadata.cursor(.inline, from: lower, until: upper).next()
                low = middle + 1
            } catch {
                guard error.concernsOneValue else { throw error }
                high = middle
            }
        }
        return low
    }
}
