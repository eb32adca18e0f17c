// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import MetadataStore
import StorageTestSupport
import Testing

/// What every metadata store promises, real or simulated.
@Suite struct MetadataContractTests {
    @Test(arguments: MetadataSubject.Kind.allCases)
    func `a committed value is read back from its table only`(kind: MetadataSubject.Kind) throws {
        let store = try MetadataSubject(kind).open()
        for table in MetadataTable.allCases { try store.put(table, [([1], [table.rawValue])]) }
        for table in MetadataTable.allCases {
            #expect(try store.get(table, [1]) == [table.rawValue])
            #expect(try store.get(table, [2]) == nil)
        }
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `keys and values may have any bytes and no bytes`(kind: MetadataSubject.Kind) throws {
        let store = try MetadataSubject(kind).open()
        let keys: [[UInt8]] = [[], [0], [0, 0], [0, 255], [255], [255, 255], Array(0...255)]
        try store.put(.objects, keys.map { ($0, $0.reversed()) })
        try store.put(.objects, [([7], [])])
        for key in keys { #expect(try store.get(.objects, key) == key.reversed(), "\(key)") }
        #expect(try store.get(.objects, [7]) == [])
        #expect(try store.getIfCached(.objects, [7]) == .unknown)
        #expect(try store.keys(.objects).count == keys.count + 1)
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `a value may have 64 MiB`(kind: MetadataSubject.Kind) throws {
        let subject = MetadataSubject(kind)
        let value = PatternContent(seed: 1).bytes(0..<64 << 20)
        do {
            let store = try subject.open()
            try store.put(.contents, [([1], value), ([2], [2])])
            let read = try store.get(.contents, [1])
            #expect(read == value)
            store.close()
        }
        let store = try subject.open()
        let read = try store.get(.contents, [1])
        #expect(read == value)
        #expect(try store.keys(.contents) == [[1], [2]])
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `the last operation on a key of a batch wins`(kind: MetadataSubject.Kind) throws {
        let store = try MetadataSubject(kind).open()
        var batch = MetadataBatch()
        batch.put(.system, [1], [1])
        batch.put(.system, [1], [2])
        batch.put(.system, [2], [1])
        batch.delete(.system, [2])
        batch.delete(.system, [3])
        batch.put(.system, [3], [3])
        batch.delete(.system, [4])
        try store.commit(batch)
        #expect(try store.get(.system, [1]) == [2])
        #expect(try store.get(.system, [2]) == nil)
        #expect(try store.get(.system, [3]) == [3])
        #expect(try store.keys(.system) == [[1], [3]])
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `an empty batch is nothing`(kind: MetadataSubject.Kind) throws {
        let store = try MetadataSubject(kind).open()
        try store.commit(MetadataBatch())
        #expect(try store.keys(.system).isEmpty)
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `a cached look-up finds what was just written and knows what was never there`(
        kind: MetadataSubject.Kind
    ) throws {
        let store = try MetadataSubject(kind).open()
        for table in MetadataTable.allCases {
            try store.put(table, [([5], [1, 2, 3])])
            #expect(try store.getIfCached(table, [5]) == .value([1, 2, 3]))
            #expect(try store.getIfCached(table, [6]) == .absent)
            try store.delete(table, [5])
            #expect(try store.getIfCached(table, [5]) == .absent)
        }
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `a snapshot shows all tables between two commits, whatever comes later`(kind: MetadataSubject.Kind) throws {
        let subject = MetadataSubject(kind)
        let store = try subject.open()
        for table in MetadataTable.allCases { try store.put(table, [([1], [1]), ([2], [2])]) }
        let snapshot = try store.snapshot()
        for table in MetadataTable.allCases {
            try store.put(table, [([1], [9]), ([3], [3])])
            try store.delete(table, [2])
            try store.compact(table, movedByteCountMax: 0, until: StopSign())
        }
        for table in MetadataTable.allCases {
            #expect(try snapshot.get(table, [1]) == [1])
            #expect(try snapshot.get(table, [2]) == [2])
            #expect(try snapshot.get(table, [3]) == nil)
            let cursor = try snapshot.cursor(table, from: [], until: nil)
            #expect(try cursor.remainingKeys() == [[1], [2]])
            #expect(try store.get(table, [1]) == [9])
        }
        // New files are made in its directory.
        withExtendedLifetime(subject) {}
    }

    /// A range and the keys it must show.
    struct Bounds: CustomTestStringConvertible {
        let lower: [UInt8]
        let upper: [UInt8]?
        let expected: [[UInt8]]
        var testDescription: String { "\(lower)..<\(upper.map { "\($0)" } ?? "end")" }
    }

    static let stored: [[UInt8]] = [[1], [1, 0], [1, 255], [2], [2, 2], [255, 255]]
    static let bounds: [Bounds] = [
        Bounds(lower: [], upper: nil, expected: stored),
        Bounds(lower: [1], upper: [2], expected: [[1], [1, 0], [1, 255]]),
        Bounds(lower: [1, 0], upper: [1, 255], expected: [[1, 0]]),
        Bounds(lower: [1, 1], upper: [2, 2], expected: [[1, 255], [2]]),
        Bounds(lower: [2, 3], upper: [255], expected: []),
        Bounds(lower: [3], upper: nil, expected: [[255, 255]]),
        Bounds(lower: [255, 255, 0], upper: nil, expected: []),
        Bounds(lower: [2], upper: [2], expected: []),
        Bounds(lower: [], upper: [], expected: []),
        Bounds(lower: [], upper: [1], expected: []),
    ]

    @Test(arguments: MetadataSubject.Kind.allCases, bounds)
    func `a cursor shows the keys from the lower bound to below the upper one, in order`(
        kind: MetadataSubject.Kind,
        bounds: Bounds
    ) throws {
        let store = try MetadataSubject(kind).open()
        try store.put(.objects, Self.stored.reversed().map { ($0, $0 + [9]) })
        try store.put(.versions, [([1, 7], [])])
        let cursor = try store.cursor(.objects, from: bounds.lower, until: bounds.upper)
        var keys: [[UInt8]] = []
        while try cursor.next() {
            let (key, value) = cursor.current
            #expect(value == key + [9])
            keys.append(key)
        }
        #expect(keys == bounds.expected)
        #expect(try !cursor.next(), "the end is the end")
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `a seek goes to the first key not below its own, forwards and backwards`(kind: MetadataSubject.Kind) throws {
        let store = try MetadataSubject(kind).open()
        try store.put(.objects, Self.stored.map { ($0, []) })
        let cursor = try store.cursor(.objects, from: [1], until: [2, 2])
        try cursor.seek(to: [1, 255])
        #expect(try cursor.next())
        #expect(cursor.current.key == [1, 255])
        #expect(try cursor.next())
        #expect(cursor.current.key == [2])
        try cursor.seek(to: [1])
        #expect(try cursor.remainingKeys() == [[1], [1, 0], [1, 255], [2]])
        try cursor.seek(to: [1, 1])
        #expect(try cursor.remainingKeys() == [[1, 255], [2]])
        try cursor.seek(to: [9])
        #expect(try !cursor.next(), "beyond the upper bound")
        try cursor.seek(to: [2, 2])
        #expect(try !cursor.next(), "at the upper bound")
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `a cursor sees the state it was made from, also after a seek`(kind: MetadataSubject.Kind) throws {
        let store = try MetadataSubject(kind).open()
        try store.put(.objects, [([1], [1]), ([2], [1]), ([3], [1])])
        let cursor = try store.cursor(.objects, from: [], until: nil)
        try store.put(.objects, [([2], [2]), ([4], [2])])
        try store.delete(.objects, [1])
        #expect(try cursor.next())
        #expect(cursor.current.key == [1])
        try store.delete(.objects, [3])
        #expect(try cursor.remainingKeys() == [[2], [3]])
        try cursor.seek(to: [2])
        #expect(try cursor.next())
        #expect(cursor.current.value == [1])
        #expect(try store.keys(.objects) == [[2], [4]])
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `what was committed is there after a close and after a plain drop`(kind: MetadataSubject.Kind) throws {
        let subject = MetadataSubject(kind)
        do {
            let store = try subject.open()
            for table in MetadataTable.allCases { try store.put(table, [([1], [1]), ([2], [2])]) }
            store.close()
        }
        do {
            let store = try subject.open()
            try store.delete(.objects, [1])
            try store.put(.objects, [([3], [UInt8](repeating: 3, count: 5_000))])
            // No close: as after kill -9.
        }
        let store = try subject.open()
        #expect(try store.keys(.objects) == [[2], [3]])
        #expect(try store.get(.objects, [3])?.count == 5_000)
        for table in MetadataTable.allCases where table != .objects {
            #expect(try store.keys(table) == [[1], [2]])
        }
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `a second open is refused while the first is open`(kind: MetadataSubject.Kind) throws {
        let subject = MetadataSubject(kind)
        let store = try subject.open()
        #expect(failure { () throws(MetadataError) in _ = try subject.open() }?.code == .locked)
        store.close()
        let second = try subject.open()
        try second.put(.system, [([1], [1])])
        store.close()
        #expect(failure { () throws(MetadataError) in _ = try subject.open() }?.code == .locked, "closing twice")
    }

    @Test(arguments: MetadataSubject.Kind.allCases)
    func `commits of many threads all arrive`(kind: MetadataSubject.Kind) async throws {
        let store = try MetadataSubject(kind).open()
        try await withThrowingTaskGroup { group in
            for thread in 0..<8 as Range<UInt8> {
                group.addTask {
                    for index in 0..<50 as Range<UInt8> {
                        try store.put(.chunks, [([thread, index], [index]), ([thread, 255], [index])])
                        #expect(try store.get(.chunks, [thread, index]) == [index])
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.keys(.chunks).count == 8 * 51)
    }

    /// Random batches and look-ups against a dictionary.
    @Test(arguments: MetadataSubject.Kind.allCases, [1, 2, 3] as [UInt64])
    func `a store agrees with a dictionary`(kind: MetadataSubject.Kind, seed: UInt64) throws {
        let subject = MetadataSubject(kind)
        var store = try subject.open()
        var model: [[UInt8]: [UInt8]] = [:]
        var generator = SeededGenerator(seed: seed)
        func key() -> [UInt8] { (0..<generator.below(3)).map { _ in UInt8(generator.below(4)) } }
        for round in 0..<150 {
            var batch = MetadataBatch()
            for _ in 0..<generator.below(8) {
                let key = key()
                if generator.below(3) == 0 {
                    batch.delete(.objects, key)
                    model[key] = nil
                } else {
                    let value = [UInt8](repeating: UInt8(round), count: generator.below(2_000))
                    batch.put(.objects, key, value)
                    model[key] = value
                }
            }
            try store.commit(batch)
            let probe = key()
            #expect(try store.get(.objects, probe) == model[probe], "seed \(seed) round \(round)")
            let (lower, upper) = (key(), key())
            let expected = model.keys
                .filter { !$0.lexicographicallyPrecedes(lower) && $0.lexicographicallyPrecedes(upper) }
                .sorted { $0.lexicographicallyPrecedes($1) }
            #expect(try store.keys(.objects, from: lower, until: upper) == expected, "seed \(seed) round \(round)")
            if round % 50 == 49 {
                store.close()
                store = try subject.open()
            }
        }
    }
}
