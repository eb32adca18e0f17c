// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import MetadataStore
package import StorageTypes

extension ChunkEngine {
    /// Chunks held in memory at once: about 30 MiB.
    private static let checkedChunkCountMax: UInt64 = 1 << 18

    /// Checks records, references and the packs' files beside all other work, as they are at one moment. Frames are left to `scrub`.
    ///
    /// Meanwhile nothing is collected, so no file goes that a record of that moment names. What uploads have written and not
    /// committed no record names yet.
    ///
    /// - Parameter inspect: looks at the same moment's metadata, on a worker.
    /// - Throws: `slowDown` while a collection is under way; `unavailable` when the task is cancelled.
    package func checkStructure<Value: Sendable>(
        _ inspect: @escaping @Sendable (any MetadataReading, FsckReport) throws(StoreError) -> Value
    ) async throws(StoreError) -> (report: FsckReport, inspected: Value) {
        try parts.collections.begin()
        defer { parts.collections.end() }
        let parts = parts
        return try await parts.workers.walk(parts.metadata) { metadata throws(StoreError) in
            var check = StoreCheck(
                parts.configuration,
                fileSystem: parts.fileSystem,
                metadata: metadata,
                depth: .structure,
                chunkCountMax: Self.checkedChunkCountMax
            )
            let report = try check.run()
            return (report, try inspect(metadata, report))
        }
    }
}
