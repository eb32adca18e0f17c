// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import MetadataStore
import StorageTestSupport

/// A metadata store under the contract that can be closed and opened again on the same space.
struct MetadataSubject {
    enum Kind: CaseIterable {
        case rocksDB, simulated
    }

    private enum Space {
        case directory(TemporaryDirectory)
        case simulated(SimulatedMetadata)
    }

    private let space: Space

    init(_ kind: Kind) {
        switch kind {
        case .rocksDB: space = .directory(TemporaryDirectory())
        case .simulated: space = .simulated(SimulatedMetadata(power: SimulatedPower(seed: 1)))
        }
    }

    func open() throws(MetadataError) -> any MetadataStore {
        switch space {
        case .directory(let directory): try RocksDBMetadataStore.open(directory: directory.file("metadata"))
        case .simulated(let metadata): try metadata.open()
        }
    }
}

extension MetadataStore {
    func put(_ table: MetadataTable, _ pairs: [([UInt8], [UInt8])]) throws(MetadataError) {
        var batch = MetadataBatch()
        for (key, value) in pairs { batch.put(table, key, value) }
        try commit(batch)
    }

    func delete(_ table: MetadataTable, _ key: [UInt8]) throws(MetadataError) {
        var batch = MetadataBatch()
        batch.delete(table, key)
        try commit(batch)
    }

    func keys(_ table: MetadataTable, from lower: [UInt8] = [], until upper: [UInt8]? = nil) throws -> [[UInt8]] {
        try cursor(table, from: lower, until: upper).remainingKeys()
    }
}

extension MetadataCursor {
    var current: (key: [UInt8], value: [UInt8]) {
        withCurrent { key, value in (Array(key), Array(value)) }
    }

    func remainingKeys() throws(MetadataError) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        while try next() { keys.append(current.key) }
        return keys
    }
}

/// What a call threw, or nil.
func failure(_ body: () throws(MetadataError) -> Void) -> MetadataError? {
    do throws(MetadataError) {
        try body()
        return nil
    } catch {
        return error
    }
}
