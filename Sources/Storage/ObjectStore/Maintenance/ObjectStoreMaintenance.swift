// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkEngine
package import FileStore
package import MetadataStore
package import StorageTypes

/// Work on a stopped store. Everything here blocks and reads all there is.
package enum ObjectStoreMaintenance {
    /// Checks the engine's structures, then every record above them and every reference between the two. Damage to a chunk is
    /// told once more for each object or part that needs it.
    package static func fsck(
        _ configuration: ObjectStoreConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataStore
    ) throws(StoreError) -> StoreReport {
        let engine = try EngineMaintenance.fsck(configuration.engine, fileSystem: fileSystem, metadata: metadata)
        return try StoreReport(engine, try ObjectAudit(metadata, after: engine))
    }

    /// Checks the records of buckets, objects, uploads and parts and what they refer to, without reading a pack.
    ///
    /// - Parameter referenceCountMax: held in memory at once, at 16 bytes each.
    package static func audit(
        metadata: any MetadataReading,
        referenceCountMax: UInt64 = ObjectAudit.referenceCountMax
    ) throws(StoreError) -> ObjectAudit {
        try ObjectAudit(metadata, referenceCountMax: referenceCountMax)
    }

    /// What everything takes, stage by stage, and what each bucket holds.
    package static func statistics(metadata: any MetadataReading) throws(StoreError) -> StoreStatistics {
        try StoreStatistics(metadata)
    }
}

/// What a check of the whole store found.
package struct StoreReport: Sendable {
    package internal(set) var engine: FsckReport
    package internal(set) var objects: ObjectAudit

    init(_ engine: FsckReport, _ objects: ObjectAudit) throws(StoreError) {
        self.engine = engine
        self.objects = objects
        for obstacle in objects.obstacles { try self.engine.note(obstacle) }
    }

    package var problemCount: UInt64 { engine.problemCount + objects.problemCount }
    package var isClean: Bool { problemCount == 0 }
}
