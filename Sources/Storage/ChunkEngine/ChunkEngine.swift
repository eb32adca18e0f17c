// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import FileStore
package import MetadataStore
package import StorageTypes

/// Keeps immutable contents as deduplicated chunks in packs, and changes metadata in durable groups.
///
/// The way of a write: `makeWriter`, `write`…, `finish`, then `commit` with a closure that adopts the content and stores
/// whatever refers to it. When `commit` returns, both survive a power failure; when it throws, neither is there (after
/// `ioFailure` or `unavailable` either may be).
///
/// After a failed sync or commit all writes are refused, reads go on, and only a new start helps. Methods may be called from
/// any task, concurrently; none blocks the caller's thread unless its comment says so.
package final class ChunkEngine: Sendable {
    let parts: EngineParts
    let commits: CommitPipeline
    /// What the start found out of order and mended, and damage it met.
    package let recoveryFindings: [RecoveryFinding]

    /// Recovers the store and opens it. Blocks, well below a second however large the store is.
    ///
    /// - Throws: `unavailable` for another format version, `corrupted`, `ioFailure`.
    package static func open(
        _ configuration: EngineConfiguration,
        fileSystem: any FileSystem,
        metadata: any MetadataStore,
        workers: WorkerPool,
        clock: any WallClock
    ) throws(StoreError) -> ChunkEngine {
        var recovery = Recovery(
            layout: EngineLayout(dataDirectory: configuration.dataDirectory),
            packByteCountMax: configuration.packByteCountMax,
            fileSystem: fileSystem,
            metadata: metadata,
            clock: clock
        )
        let recovered = try recovery.run()
        let parts = EngineParts(
            configuration,
            fileSystem: fileSystem,
            metadata: metadata,
            workers: workers,
            clock: clock,
            recovered: recovered
        )
        try parts.quarantine.load(metadata)
        return ChunkEngine(parts, recovered.findings)
    }

    private init(_ parts: EngineParts, _ findings: [RecoveryFinding]) {
        self.parts = parts
        commits = CommitPipeline(parts)
        recoveryFindings = findings
        parts.quarantine.attach(commits)
        parts.packs.attach(commits)
    }

    package var metadata: any MetadataStore { parts.metadata }
    package var workers: WorkerPool { parts.workers }
    package var configuration: EngineConfiguration { parts.configuration }
    /// What writes are refused with since a sync or a commit failed; nil while all is well. For readiness probes.
    package var writeRefusal: StoreError? { parts.health.refusal }

    /// Whether records were found to be lost at this start or an earlier one, and what may belong to them is kept: nothing is
    /// collected then.
    package var keepsUnknown: Bool { parts.keepsUnknown }

    /// Grows with each change that becomes durable: whether anything may be different from an earlier look.
    package var changeCount: UInt64 { commits.committedCount }

    /// Begins a content.
    ///
    /// - Parameter expectedSize: the announced length, if any: saves copies and memory, and decides early that a content
    ///   is cut into many chunks.
    package func makeWriter(
        digests: DigestRequest,
        expectedSize: UInt64?,
        chunking: Chunking = .contentDefined
    ) -> ContentWriter {
        ContentWriter(parts, commits, digests, chunking, expectedSize: expectedSize)
    }

    /// Runs `body` with everybody else's changes before it or after it, never between, and returns when its changes are
    /// durable. Changes of many callers share one sync of the packs and one of the metadata.
    ///
    /// Not cancellable. `contents` are consumed: those that `body` does not adopt, or all of them when it throws, are given
    /// back.
    ///
    /// - Parameter body: runs on a worker, once; may block for metadata reads only.
    /// - Throws: what `body` throws, or `insufficientStorage` when there is no room for its records, and nothing has changed;
    ///   `slowDown` when too many wait; `unavailable`, `insufficientStorage` or `ioFailure` when the engine has failed.
    package func commit<Value: Sendable>(
        _ contents: [StagedContent] = [],
        _ body: @escaping @Sendable (inout CommitTransaction) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await commits.commit(contents, isCharged: true, body)
    }

    /// Gives back a finished content that will not be committed.
    package func discard(_ content: StagedContent) {
        commits.discard(content)
    }

    /// Ends what is queued and refuses anything more. The metadata store and the workers stay with those who made them.
    package func shutdown() async {
        await parts.prefetcher.close()
        await commits.close()
        parts.quarantine.attach(nil)
        parts.packs.attach(nil)
        let parts = parts
        await parts.workers.run { parts.giveBackPackIDs() }
    }
}
