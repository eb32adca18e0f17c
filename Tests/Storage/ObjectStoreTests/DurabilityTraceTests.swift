// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import FileStore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// The order of writes, syncs and commits of each way to change the store: content first, then the metadata that names it.
///
/// `DRYDOCK_REWRITE_GOLDEN=1` writes the files anew; the diff is what a reviewer reads.
@Suite(.tags(.durability)) struct `The durability order` {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    private struct Trace: Sendable {
        let name: String
        let before: [StoreStep]
        let step: StoreStep
    }

    private static let traces: [Trace] = [
        Trace(name: "put-small", before: [], step: .put("a", size: 4_096, seed: 1)),
        Trace(name: "put-chunk", before: [], step: .put("a", size: 100_000, seed: 1)),
        Trace(name: "put-chunked", before: [], step: .put("a", size: 3_000_000, seed: 1)),
        Trace(
            name: "put-stored-already",
            before: [.put("b", size: 100_000, seed: 1)],
            step: .put("a", size: 100_000, seed: 1)
        ),
        Trace(
            name: "multipart-complete",
            before: [
                .createUpload("a"), .part("a", 1, size: 100_000, seed: 1), .part("a", 2, size: 4_096, seed: 2),
                .part("a", 3, size: 90_000, seed: 3),
            ],
            step: .complete("a", [1, 2]),
        ),
        Trace(
            name: "part-sent-again",
            before: [.createUpload("a"), .part("a", 1, size: 100_000, seed: 1)],
            step: .part("a", 1, size: 110_000, seed: 2),
        ),
        Trace(name: "copy", before: [.put("a", size: 100_000, seed: 1)], step: .copy("a", to: "b")),
        Trace(name: "delete-small", before: [.put("a", size: 4_096, seed: 1)], step: .delete("a")),
        Trace(name: "delete-chunked", before: [.put("a", size: 3_000_000, seed: 1)], step: .delete("a")),
        Trace(
            name: "overwrite",
            before: [.put("a", size: 100_000, seed: 1)],
            step: .put("a", size: 110_000, seed: 2),
        ),
    ]

    @Test(arguments: traces.indices)
    func `is what its golden file says`(_ index: Int) async throws {
        let trace = Self.traces[index]
        let fixture = try await StoreFixture.withBucket()
        for step in trace.before { try await step.perform(on: fixture.store) }
        fixture.machine.trace.removeAll()
        try await trace.step.perform(on: fixture.store)
        let text = fixture.machine.trace.text

        let file = Self.directory.appending(path: trace.name + ".txt")
        if ProcessInfo.processInfo.environment["DRYDOCK_REWRITE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: file)
        }
        #expect(text == (try String(contentsOf: file, encoding: .utf8)))
        // Whatever the file says: the commit comes last, and every pack written before it was synced before it.
        let lines = text.split(separator: "\n")
        #expect(lines.last?.hasPrefix("commit") == true)
        for write in lines.filter({ $0.hasPrefix("write ") }) {
            let path = write.split(separator: " ")[1]
            let sync = try #require(lines.lastIndex { $0 == "sync \(path)" })
            let last = try #require(lines.lastIndex { $0.hasPrefix("write \(path) ") })
            #expect(sync > last)
        }
    }
}
