// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

/// The table of §5 for an object last modified at 2026-01-02T03:04:05.5Z.
@Suite struct ConditionsTests {
    private static let hex = "00112233445566778899aabbccddeeff"
    private static let other = "ffffffffffffffffffffffffffffffff"
    private static let before = "Fri, 02 Jan 2026 03:04:04 GMT"
    private static let same = "Fri, 02 Jan 2026 03:04:05 GMT"
    private static let after = "Fri, 02 Jan 2026 03:04:06 GMT"
    private static let future = "Sat, 02 Jan 2027 03:04:05 GMT"
    private let etag = ETag(bytes: (0..<16).map { UInt8($0) * 17 })
    private let modified = Timestamp(nanoseconds: 1_767_323_045_500_000_000)
    private let now = Timestamp(seconds: 1_767_409_445)

    private static let failsMatch = ReadDecision.preconditionFailed("If-Match")
    private static let failsUnmodified = ReadDecision.preconditionFailed("If-Unmodified-Since")

    @Test(
        arguments: [
            ([], .proceed),
            ([("if-match", "\"\(hex)\"")], .proceed), ([("if-match", hex)], .proceed), ([("if-match", "*")], .proceed),
            ([("if-match", "\"\(other)\"")], failsMatch), ([("if-match", "\"\(other)\", \"\(hex)\"")], .proceed),
            ([("if-match", other), ("if-match", hex)], .proceed), ([("if-match", "junk")], failsMatch),
            ([("if-match", hex.uppercased())], .proceed), ([("if-match", "\"\(hex)-2\"")], failsMatch),
            ([("if-none-match", "\"\(hex)\"")], .notModified), ([("if-none-match", hex)], .notModified),
            ([("if-none-match", "W/\"\(hex)\"")], .notModified), ([("if-none-match", "*")], .notModified),
            ([("if-none-match", "\"\(other)\"")], .proceed), ([("if-none-match", "\(other),\(hex)")], .notModified),
            ([("if-modified-since", before)], .proceed), ([("if-modified-since", same)], .notModified),
            ([("if-modified-since", after)], .notModified), ([("if-modified-since", future)], .proceed),
            ([("if-modified-since", "yesterday")], .proceed), ([("if-unmodified-since", "yesterday")], .proceed),
            ([("if-unmodified-since", before)], failsUnmodified), ([("if-unmodified-since", same)], .proceed),
            ([("if-unmodified-since", after)], .proceed), ([("if-unmodified-since", future)], .proceed),
            ([("if-match", hex), ("if-unmodified-since", before)], .proceed),
            ([("if-match", other), ("if-unmodified-since", after)], failsMatch),
            ([("if-none-match", other), ("if-modified-since", after)], .proceed),
            ([("if-none-match", hex), ("if-modified-since", before)], .notModified),
            ([("if-match", other), ("if-none-match", hex)], failsMatch),
            ([("if-match", hex), ("if-none-match", hex)], .notModified),
            ([("if-unmodified-since", before), ("if-none-match", hex)], failsUnmodified),
        ] as [([(String, String)], ReadDecision)]
    )
    func `a read is decided`(_ headers: [(String, String)], _ decision: ReadDecision) {
        let conditions = Conditions(reading: S3Headers(headers))
        #expect(conditions.evaluate(etag: etag, lastModified: modified, now: now) == decision)
        #expect(conditions.isEmpty == (headers.isEmpty || headers.contains { $0.1 == "yesterday" }))

        // The source of a copy fails where a read does, and never says "not modified".
        let source = Conditions(copySource: S3Headers(headers.map { ("x-amz-copy-source-" + $0.0, $0.1) }))
        let failure = source.copyFailure(etag: etag, lastModified: modified, now: now)
        switch decision {
        case .proceed: #expect(failure == nil)
        case .preconditionFailed(let name): #expect(failure == "x-amz-copy-source-" + name)
        case .notModified: #expect(failure?.hasPrefix("x-amz-copy-source-If-") == true)
        }
    }

    @Test func `a range counts only while the object is the same`() {
        func holds(_ header: String?) -> Bool {
            Conditions.ifRangeHolds(header, etag: etag, lastModified: modified)
        }
        #expect(holds(nil))
        #expect(holds("\"\(Self.hex)\""))
        #expect(holds(Self.hex))
        #expect(holds(Self.same))
        #expect(!holds(Self.before))
        #expect(!holds(Self.after))
        #expect(!holds("W/\"\(Self.hex)\""))
        #expect(!holds("\"\(Self.other)\""))
        #expect(!holds(""))
    }

    @Test func `a write takes a tag or the absence of everything`() throws {
        func writing(_ headers: [(String, String)]) throws -> WriteCondition {
            try WriteCondition.writing(S3Headers(headers))
        }
        #expect(try writing([]) == .none)
        #expect(try writing([("if-none-match", "*")]) == WriteCondition(ifNoneMatch: .any))
        #expect(try writing([("if-none-match", "\"*\"")]) == WriteCondition(ifNoneMatch: .any))
        #expect(try writing([("if-match", "*")]) == WriteCondition(ifMatch: .any))
        #expect(try writing([("if-match", "\"\(Self.hex)\"")]) == WriteCondition(ifMatch: .etags([etag])))
        // A tag that nothing here can have matches nothing.
        #expect(try writing([("if-match", "junk")]) == WriteCondition(ifMatch: .etags([])))
        for headers in [
            [("if-none-match", "\"\(Self.hex)\"")], [("if-none-match", "*"), ("if-match", "*")],
            [("if-none-match", Self.hex), ("if-match", Self.hex)],
        ] {
            #expect(throws: S3Error(.notImplemented)) { try writing(headers) }
        }
    }

    @Test func `a deletion takes tag, size and time`() throws {
        let condition = try WriteCondition.deleting(
            S3Headers([
                ("if-match", "*"), ("x-amz-if-match-size", "17"), ("x-amz-if-match-last-modified-time", Self.same),
            ])
        )
        #expect(condition.ifMatch == .any)
        #expect(condition.ifMatchSize == 17)
        #expect(condition.ifMatchLastModified == Timestamp(seconds: 1_767_323_045))
        for header in [("x-amz-if-match-size", "-1"), ("x-amz-if-match-last-modified-time", "now")] {
            #expect(throws: S3Error(.invalidArgument)) { try WriteCondition.deleting(S3Headers([header])) }
        }
    }
}
