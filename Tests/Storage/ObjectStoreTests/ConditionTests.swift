// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// `spec/s3.md` §5.
@Suite struct `Conditions of writes` {
    /// What stands under the key when the write comes.
    enum Current: Sendable, CaseIterable { case absent, same, other }

    private static let matching = ETag(bytes: [UInt8](repeating: 0xaa, count: 16))

    private static let writes: [(WriteCondition.Match?, WriteCondition.Match?, Current, StoreError.Code?)] = [
        (.any, nil, .absent, .noSuchKey), (.any, nil, .same, nil), (.any, nil, .other, nil),
        (.etags([]), nil, .absent, .noSuchKey), (.etags([]), nil, .same, .preconditionFailed),
        (.etags([matching]), nil, .absent, .noSuchKey), (.etags([matching]), nil, .same, nil),
        (.etags([matching]), nil, .other, .preconditionFailed),
        (nil, .any, .absent, nil), (nil, .any, .same, .preconditionFailed), (nil, .any, .other, .preconditionFailed),
        (nil, .etags([matching]), .absent, nil), (nil, .etags([matching]), .same, .preconditionFailed),
        (nil, .etags([matching]), .other, nil), (.any, .etags([matching]), .other, nil),
        (.any, .etags([matching]), .same, .preconditionFailed), (nil, nil, .absent, nil), (nil, nil, .other, nil),
    ]

    /// The table's matching tag stands for the one that the object really has.
    private func condition(_ row: Int, _ etag: ETag) -> WriteCondition {
        func replace(_ match: WriteCondition.Match?) -> WriteCondition.Match? {
            guard case .etags(let tags) = match else { return match }
            return .etags(tags.map { $0 == Self.matching ? etag : $0 })
        }
        return WriteCondition(ifMatch: replace(Self.writes[row].0), ifNoneMatch: replace(Self.writes[row].1))
    }

    @Test(arguments: writes.indices, [true, false])
    func `decide over a put, a copy and a completion`(_ row: Int, _ isCached: Bool) async throws {
        let (_, _, current, expected) = Self.writes[row]
        let machine = SimulatedMachine(seed: 1, caching: isCached ? .always : .never)
        let fixture = try await StoreFixture.withBucket(machine)
        let store = fixture.store
        try await store.put("source", [9])
        let matching = try await store.put("sample", [7]).etag
        let upload = try await store.upload("a")
        let part = try await store.part(upload, 1, [5])

        let attempts: [(String, @Sendable (WriteCondition) async throws(StoreError) -> Void)] = [
            ("put", { condition async throws(StoreError) in try await store.put("a", [3], condition: condition) }),
            (
                "copy",
                { condition async throws(StoreError) in
                    _ = try await store.copy("source", to: "a", condition: condition)
                }
            ),
            (
                "complete",
                { condition async throws(StoreError) in
                    _ = try await store.complete(upload, [part], condition: condition)
                }
            ),
        ]
        for (name, attempt) in attempts {
            try await store.delete("a")
            switch current {
            case .absent: break
            case .same: try await store.put("a", [7])
            case .other: try await store.put("a", [8])
            }
            do throws(StoreError) {
                try await attempt(condition(row, matching))
                #expect(expected == nil, "\(name) in row \(row)")
            } catch {
                #expect(error.code == expected, "\(name) in row \(row)")
            }
        }
        try fixture.expectSound()
    }

    @Test func `that fail name their header`() async throws {
        let store = try await StoreFixture.withBucket().store
        try await store.put("a", [1])
        do throws(StoreError) {
            try await store.put("a", [2], condition: WriteCondition(ifNoneMatch: .any))
            Issue.record("the put went through")
        } catch {
            #expect(error.details == .condition("If-None-Match"))
        }
    }

    private static let deletes: [(WriteCondition, Bool, StoreError.Code?)] = [
        (.none, false, nil), (.none, true, nil),
        (WriteCondition(ifMatch: .any), true, nil), (WriteCondition(ifMatch: .any), false, .preconditionFailed),
        (WriteCondition(ifMatch: .etags([matching])), true, .preconditionFailed),
        (WriteCondition(ifMatch: .etags([matching])), false, nil),
        (WriteCondition(ifMatch: .etags([])), true, .preconditionFailed),
        (WriteCondition(ifMatchSize: 3), true, nil), (WriteCondition(ifMatchSize: 4), true, .preconditionFailed),
        (WriteCondition(ifMatchSize: 4), false, nil),
        (WriteCondition(ifMatchLastModified: Timestamp(seconds: 1_767_323_045)), true, nil),
        (WriteCondition(ifMatchLastModified: Timestamp(seconds: 1_767_323_044)), true, .preconditionFailed),
        (WriteCondition(ifMatchLastModified: Timestamp(seconds: 1)), false, nil),
    ]

    @Test(arguments: deletes.indices)
    func `decide over a delete, one alone and one of many`(_ row: Int) async throws {
        let (condition, isThere, expected) = Self.deletes[row]
        let store = try await StoreFixture.withBucket().store
        if isThere { try await store.put("a", [1, 2, 3]) }
        try await store.put("z", [1])
        let requests = [
            DeleteRequest(key: key("missing")), DeleteRequest(key: key("a"), condition: condition),
            DeleteRequest(key: key("z")),
        ]
        let outcomes = try await store.deleteObjects(bucket: photos, requests)
        #expect(outcomes.map { $0?.code } == [nil, expected, nil])
        #expect(try await store.keys() == (isThere && expected != nil ? ["a"] : []))

        if isThere { try await store.put("a", [1, 2, 3]) }
        do throws(StoreError) {
            try await store.delete("a", condition: condition)
            #expect(expected == nil)
        } catch {
            #expect(error.code == expected)
        }
    }

    @Test func `too many deletes at once are refused`() async throws {
        let store = try await StoreFixture.withBucket().store
        let requests = (0...1_000).map { DeleteRequest(key: key("\($0)")) }
        await #expect(throws: StoreError(.invalidRequest)) { try await store.deleteObjects(bucket: photos, requests) }
    }
}
