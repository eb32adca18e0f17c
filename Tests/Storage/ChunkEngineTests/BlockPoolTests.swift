// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTestSupport
import StorageTypes
import Synchronization
import Testing

@testable import ChunkEngine

@Suite struct `Block pool` {
    private static let bytes = PatternContent(seed: 1).bytes(0..<2_000)

    @Test func `gets every block of a content back`() async throws {
        let fixture = try EngineFixture()
        try await fixture.put("a", Self.bytes)
        #expect(fixture.engine.parts.blocks.keptCount == 1)
    }

    @Test func `gets a last block back whose chunks were awaited`() async throws {
        // The same store, to know where the chunks end.
        let other = try EngineFixture()
        let id = try await other.put("a", Self.bytes).id
        let segment = try #require(try other.metadata.get(.contents, EngineKeys.segment(id, 0)))
        let last = try #require(try RecipeSegment(decoding: segment).entries.last).digest
        let claimed = Mutex<InFlightChunks?>(nil)
        // Gives the chunk up when the first job has met it.
        let workers = WorkerPool { work in
            work()
            let claims = claimed.withLock { claims in
                defer { claims = nil }
                return claims
            }
            claims?.giveUp([last])
        }
        let fixture = try EngineFixture(workers: workers)
        let inFlight = fixture.engine.parts.inFlight
        guard case .claimed = inFlight.hold(last) else {
            Issue.record("nobody else has it")
            return
        }
        claimed.withLock { $0 = inFlight }
        try await fixture.put("a", Self.bytes)
        #expect(fixture.engine.parts.blocks.keptCount == 1)
        #expect(try await fixture.get("a") == Self.bytes)
    }
}
