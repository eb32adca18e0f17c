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
        var damage = DamageTrace()
        for problem in engine.problems { damage.note(problem) }
        return StoreReport(
            engine: engine,
            objects: try ObjectAudit(metadata, damaged: try damage.affectedContents(metadata)),
        )
    }

    /// Checks the records of buckets, objects, uploads and parts and what they refer to, without reading a pack.
    package static func audit(metadata: any MetadataReading) throws(StoreError) -> ObjectAudit {
        try ObjectAudit(metadata)
    }

    /// What everything takes, stage by stage, and what each bucket holds.
    package static func statistics(metadata: any MetadataReading) throws(StoreError) -> StoreStatistics {
        try StoreStatistics(metadata)
    }
}

/// What a check of the whole store found.
package struct StoreReport: Sendable {
    package let engine: FsckReport
    package let objects: ObjectAudit

    package var isClean: Bool { engine.isClean && objects.problems.isEmpty }
}
