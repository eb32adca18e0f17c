// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ObjectStore
import StorageTestSupport
import StorageTypes
import Testing

/// What a listing must be, written down without any cleverness.
struct NaiveListing {
    var objects: [[UInt8]] = []
    var prefixes: [[UInt8]] = []
    var next: [UInt8]?

    /// - Parameter keys: sorted.
    init(_ keys: [[UInt8]], _ request: ListRequest) {
        guard request.limit > 0 else { return }
        var last: [UInt8]?
        for key in keys where key.starts(with: request.prefix) && request.after.lexicographicallyPrecedes(key) {
            let group = Self.group(key, request.prefix, request.delimiter)
            if let group, group == request.after || group == prefixes.last { continue }
            guard objects.count + prefixes.count < request.limit else {
                next = last
                return
            }
            if let group { prefixes.append(group) } else { objects.append(key) }
            last = group ?? key
        }
    }

    static func group(_ key: [UInt8], _ prefix: [UInt8], _ delimiter: [UInt8]) -> [UInt8]? {
        guard !delimiter.isEmpty else { return nil }
        for start in prefix.count..<max(prefix.count, key.count) where key[start...].starts(with: delimiter) {
            return [UInt8](key[..<(start + delimiter.count)])
        }
        return nil
    }
}

@Suite struct `Listings` {
    private static let alphabet: [UInt8] = [0x00, 0x01, 0x2f, 0x2f, 0x61, 0x62, 0x7f, 0xfe, 0xff]
    private static let delimiters: [[UInt8]] = [
        [], [0x2f], [0x00], [0xff], [0x61], [0x2f, 0x2f], [0x61, 0x62], [0xff, 0xff], [0x00, 0x01], [0x61, 0x61, 0x61],
    ]

    private static func randomKey(_ generator: inout SeededGenerator, max: Int = 6) -> [UInt8] {
        (0..<generator.below(max) + 1).map { _ in alphabet[generator.below(alphabet.count)] }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `agree with a naive model for any bytes`(_ seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let store = try await StoreFixture.withBucket(SimulatedMachine(seed: seed, caching: .random)).store
        // Neighbours on both sides must stay invisible.
        for name in ["aaa-before", "zzz-after"] {
            let other = BucketName(stored: name)
            _ = try await store.createBucket(other, owner: "main", region: "us-east-1")
            try await store.put("a/b", [1], into: other)
        }
        var keys: Set<[UInt8]> = []
        for _ in 0..<150 {
            let key = Self.randomKey(&generator)
            keys.insert(key)
            _ = try await store.putObject(
                PutObjectRequest(bucket: photos, key: ObjectKey(stored: key)),
                body: BufferBody(.init()),
            )
        }
        let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
        for _ in 0..<400 {
            var request = ListRequest(bucket: photos)
            request.prefix = generator.coin() ? [] : [UInt8](Self.randomKey(&generator).prefix(2))
            request.delimiter = Self.delimiters[generator.below(Self.delimiters.count)]
            request.after = generator.coin() ? [] : Self.randomKey(&generator)
            request.limit = [0, 1, 2, 3, 7, 50, 1_000][generator.below(7)]
            var pageCount = 0
            while true {
                let expected = NaiveListing(sorted, request)
                let page = try await store.listObjects(request)
                try #require(page.objects.map(\.key.bytes) == expected.objects, "\(request)")
                try #require(page.commonPrefixes == expected.prefixes, "\(request)")
                try #require(page.next == expected.next, "\(request)")
                pageCount += 1
                guard let next = page.next, pageCount < 400 else { break }
                request.after = next
            }
        }
    }

    /// Small groups are left by steps and large ones by seeks, and each size comes after each other.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `agree with a naive model for groups of any size`(_ seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let store = try await StoreFixture.withBucket(SimulatedMachine(seed: seed)).store
        var keys: [[UInt8]] = []
        for group in 0..<60 {
            let size = [1, 1, 2, 4, 5, 6, 20][generator.below(7)]
            for member in 0..<size {
                let separator = size == 1 && generator.coin() ? "" : "/"
                keys.append([UInt8]("g\(100 + group)\(separator)\(100 + member)".utf8))
            }
        }
        keys.append([UInt8]("z".utf8))
        for key in keys {
            let request = PutObjectRequest(bucket: photos, key: ObjectKey(stored: key))
            _ = try await store.putObject(request, body: BufferBody(ByteBuffer()))
        }
        keys.sort { $0.lexicographicallyPrecedes($1) }
        for limit in [1, 2, 7, 30, 1_000] {
            var request = ListRequest(bucket: photos, delimiter: [0x2f], limit: limit)
            while true {
                let expected = NaiveListing(keys, request)
                let page = try await store.listObjects(request)
                try #require(page.objects.map(\.key.bytes) == expected.objects)
                try #require(page.commonPrefixes == expected.prefixes)
                try #require(page.next == expected.next)
                guard let next = page.next else { break }
                request.after = next
            }
        }
    }

    @Test func `agree with a naive model of uploads`() async throws {
        var generator = SeededGenerator(seed: 11)
        let store = try await StoreFixture.withBucket().store
        var uploads: [(key: [UInt8], id: String)] = []
        for _ in 0..<80 {
            let key = Self.randomKey(&generator, max: 4)
            let info = try await store.createUpload(CreateUploadRequest(bucket: photos, key: ObjectKey(stored: key)))
            uploads.append((key, info.uploadID))
        }
        uploads.sort { $0.key == $1.key ? $0.id < $1.id : $0.key.lexicographicallyPrecedes($1.key) }
        for _ in 0..<200 {
            var request = ListUploadsRequest(bucket: photos)
            request.prefix = generator.coin() ? [] : [UInt8](Self.randomKey(&generator).prefix(1))
            request.delimiter = Self.delimiters[generator.below(Self.delimiters.count)]
            request.limit = [1, 2, 5, 1_000][generator.below(4)]
            var seen: [String] = []
            var groups: [[UInt8]] = []
            while true {
                let page = try await store.listUploads(request)
                #expect(page.uploads.count + page.commonPrefixes.count <= request.limit)
                seen += page.uploads.map(\.uploadID)
                groups += page.commonPrefixes
                guard let next = page.next else { break }
                (request.keyMarker, request.uploadIDMarker) = next
            }
            let matching = uploads.filter { $0.key.starts(with: request.prefix) }
            let grouped = matching.compactMap { NaiveListing.group($0.key, request.prefix, request.delimiter) }
            #expect(groups == grouped.reduce(into: []) { if $0.last != $1 { $0.append($1) } })
            let single = matching.filter { NaiveListing.group($0.key, request.prefix, request.delimiter) == nil }
            #expect(seen == single.map(\.id))
        }
    }

    @Test func `show what the record says`() async throws {
        let store = try await StoreFixture.withBucket().store
        let made = try await store.put("a", content(20_000), metadata: ObjectMetadata(storageClass: "STANDARD_IA"))
        let page = try await store.listObjects(ListRequest(bucket: photos))
        let object = try #require(page.objects.first)
        #expect(object.size == 20_000 && object.etag == made.etag && object.lastModified == made.lastModified)
        #expect(object.storageClass == "STANDARD_IA")
        #expect(object.checksumAlgorithm == .crc64nvme && object.checksumType == .fullObject)
    }

    @Test func `are in byte order, with a group left by one seek`() async throws {
        let store = try await StoreFixture.withBucket().store
        for name in ["foo/bar", "foo+1/bar", "asdf", "boo/bar", "boo/baz/xyzzy", "cquux/thud", "cquux/bla"] {
            try await store.put(name, [])
        }
        #expect(
            try await store.keys(limit: 2) == [
                "asdf", "boo/bar", "boo/baz/xyzzy", "cquux/bla", "cquux/thud", "foo+1/bar", "foo/bar",
            ]
        )
        let page = try await store.listObjects(ListRequest(bucket: photos, delimiter: [0x2f]))
        #expect(page.objects.map(\.key.string) == ["asdf"])
        #expect(
            page.commonPrefixes.map { String(decoding: $0, as: UTF8.self) } == ["boo/", "cquux/", "foo+1/", "foo/"]
        )
    }

    @Test func `see every write that has returned`() async throws {
        let store = try await StoreFixture.withBucket().store
        for index in 0..<50 {
            try await store.put("k\(index)", [])
            #expect(try await store.keys().count == index + 1)
        }
        for index in 0..<50 {
            try await store.delete("k\(index)")
            #expect(try await store.keys().count == 49 - index)
        }
    }
}
