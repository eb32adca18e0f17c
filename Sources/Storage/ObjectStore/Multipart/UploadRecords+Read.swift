// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
import StorageTypes

extension UploadRecord {
    static func decode(_ value: [UInt8], _ key: [UInt8]) throws(StoreError) -> UploadRecord {
        do {
            return try UploadRecord(decoding: value)
        } catch {
            throw StoreError(error, "upload \(Hex.encode(key))")
        }
    }

    /// Nil for an upload that is not there. Blocks.
    static func read(_ metadata: any MetadataStore, _ key: [UInt8]) throws(StoreError) -> UploadRecord? {
        let value: [UInt8]?
        do {
            value = try metadata.get(.uploads, key)
        } catch {
            throw StoreError(error)
        }
        return try value.map { value throws(StoreError) in try decode(value, key) }
    }
}

extension PartRecord {
    static func decode(_ value: [UInt8], _ key: [UInt8]) throws(StoreError) -> PartRecord {
        do {
            return try PartRecord(decoding: value)
        } catch {
            throw StoreError(error, "part \(Hex.encode(key))")
        }
    }
}

/// A part with its number.
struct StoredPart: Equatable {
    let number: Int
    let record: PartRecord

    /// - Parameters: an entry of table `uploads`.
    init(_ key: [UInt8], _ value: [UInt8]) throws(StoreError) {
        guard let split = ObjectKeys.splitPart(key) else {
            throw StoreError(.corrupted, diagnosis: "\(Hex.encode(key)) is no key of a part")
        }
        self.number = split.number
        self.record = try PartRecord.decode(value, key)
    }
}
