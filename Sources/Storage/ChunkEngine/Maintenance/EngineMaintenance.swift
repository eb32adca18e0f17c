// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import FileStore
package import MetadataStore
package import StorageTypes

/// Work on a store that nobody serves. Everything here blocks and reads all there is.
package enum EngineMaintenance {
    /// Checks every structure of the engine and recomputes all references. Changes nothing; what the next start would mend
    /// by itself (pack tails, stray files, pending recipes) is not a problem.
    package static func fsck(
        _ configuration: EngineConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataStore,
        depth: FsckDepth = .frames
    ) throws(StoreError) -> FsckReport {
        var check = StoreCheck(configuration, fileSystem: fileSystem, metadata: metadata, depth: depth)
        return try check.run()
    }

    /// Takes the chunks of released contents back, then rewrites packs that are mostly garbage and deletes empty ones.
    ///
    /// A crash at any point loses nothing; the next collection goes on. Needs room for the live part of one pack.
    ///
    /// - Parameters:
    ///   - dryRun: only says what would happen. Needs about 300 bytes of memory per chunk taken back.
    ///   - garbageShareMin: packs with more garbage than this share of their bytes are rewritten.
    package static func collectGarbage(
        _ configuration: EngineConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataStore,
        clock: any WallClock,
        dryRun: Bool = false,
        garbageShareMin: Double = 0.2
    ) throws(StoreError) -> GCReport {
        // What is kept back while serving is for this.
        var configuration = configuration
        configuration.freeByteFloor = 0
        var session = try MaintenanceSession(
            configuration,
            fileSystem: fileSystem,
            metadata: metadata,
            clock: clock,
            isDryRun: dryRun
        )
        try session.reclaim()
        try session.compact(garbageShareMin: garbageShareMin)
        return session.report
    }

    /// What the store holds, before and after each way of saving space. Reads the chunk index and the inline contents.
    package static func statistics(metadata: any MetadataStore) throws(StoreError) -> EngineStatistics {
        try EngineStatistics(metadata)
    }
}
