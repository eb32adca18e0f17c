// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import FileStore
package import MetadataStore
package import StorageTypes

/// Work on a store that nobody serves. Everything here blocks the caller's thread and reads all there is.
package enum EngineMaintenance {
    /// Checks every structure of the engine and recomputes all references. Changes nothing; what the next start would mend
    /// by itself (pack tails, stray files, pending recipes) is not a problem.
    ///
    /// - Parameter entryCountMax: chunks, or parts of assemblies, held in memory at once, at about 120 bytes each.
    package static func fsck(
        _ configuration: EngineConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataStore,
        depth: FsckDepth = .frames,
        entryCountMax: UInt64 = 1 << 20
    ) throws(StoreError) -> FsckReport {
        var check = StoreCheck(
            configuration,
            fileSystem: fileSystem,
            metadata: metadata,
            depth: depth,
            entryCountMax: entryCountMax
        )
        var report = try check.run()
        guard depth >= .frames else { return report }
        do throws(MetadataError) {
            try metadata.verify(until: StopSign())
        } catch {
            try report.note(StoreError(error))
        }
        return report
    }

    /// Opens the store for one collection.
    ///
    /// - Parameter dryRun: only says what would happen, but for what any start mends.
    package static func collectGarbage(
        _ configuration: EngineConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataStore,
        clock: any WallClock,
        policy: GarbagePolicy = GarbagePolicy(),
        dryRun: Bool = false
    ) async throws(StoreError) -> GCReport {
        // What is kept back while serving is for this.
        var configuration = configuration
        configuration.freeByteFloor = 0
        let engine = try ChunkEngine.open(
            configuration,
            fileSystem: fileSystem,
            metadata: metadata,
            workers: .inline,
            clock: clock
        )
        let report: GCReport
        do throws(StoreError) {
            report =
                dryRun
                ? try await engine.estimateGarbage(policy) : try await engine.collectGarbage(policy) { _ in }
        } catch {
            await engine.shutdown()
            throw error
        }
        await engine.shutdown()
        return report
    }

    /// What the store holds, before and after each way of saving space. Reads the chunk index.
    package static func statistics(metadata: any MetadataReading) throws(StoreError) -> EngineStatistics {
        try EngineStatistics(metadata)
    }
}
