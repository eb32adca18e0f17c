// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTestSupport
import StorageTypes
import Testing

@testable import RegistryServer

/// Ranges and conditions of blob reads (`spec/registry.md` §4).
@Suite struct RangeTests {
    struct Case: Sendable {
        let header: String?
        let expected: ByteRanges
    }

    @Test(arguments: [
        Case(header: nil, expected: .whole),
        Case(header: "bytes=0-", expected: .single(0..<100)),
        Case(header: "bytes=10-19", expected: .single(10..<20)),
        Case(header: "BYTES=10-19", expected: .single(10..<20)),
        Case(header: "bytes= 10-19 ", expected: .single(10..<20)),
        Case(header: "bytes=90-200", expected: .single(90..<100)),
        Case(header: "bytes=-10", expected: .single(90..<100)),
        Case(header: "bytes=-1000", expected: .single(0..<100)),
        Case(header: "bytes=99-", expected: .single(99..<100)),
        Case(header: "bytes=0-99999999999999999999999", expected: .single(0..<100)),
        Case(header: "bytes=100-", expected: .unsatisfiable),
        Case(header: "bytes=50-0", expected: .unsatisfiable),
        Case(header: "bytes=-0", expected: .unsatisfiable),
        Case(header: "bytes=100-200,300-", expected: .unsatisfiable),
        Case(header: "bytes=0-9,20-29", expected: .several([0..<10, 20..<30])),
        Case(header: "bytes=20-29, 0-9", expected: .several([20..<30, 0..<10])),
        Case(header: "bytes=0-9,10-19", expected: .several([0..<10, 10..<20])),
        Case(header: "bytes=0-9,200-,20-29", expected: .several([0..<10, 20..<30])),
        Case(header: "bytes=0-9,200-", expected: .single(0..<10)),
        Case(header: "bytes=0-10,10-19", expected: .whole),
        Case(header: "bytes=0-9,-100", expected: .whole),
        Case(header: "items=0-9", expected: .whole),
        Case(header: "bytes", expected: .whole),
        Case(header: "bytes=", expected: .whole),
        Case(header: "bytes=x-9", expected: .whole),
        Case(header: "bytes=0-x", expected: .whole),
        Case(header: "bytes=5", expected: .whole),
        Case(header: "bytes=--5", expected: .whole),
        Case(header: "bytes=" + Array(repeating: "0-0", count: 4_097).joined(separator: ","), expected: .whole),
    ])
    func `a range header means what RFC 9110 says`(test: Case) {
        #expect(ByteRanges(header: test.header, size: 100) == test.expected)
    }

    @Test(arguments: ["bytes=0-", "bytes=0-0", "bytes=-1"])
    func `nothing has no ranges`(header: String) {
        #expect(ByteRanges(header: header, size: 0) == .unsatisfiable)
    }

    let content = SeededRandom(seed: 5).bytes(4_000)

    @Test(arguments: [
        ("bytes=500-1499", 500..<1_500), ("bytes=500-", 500..<4_000), ("bytes=-500", 3_500..<4_000),
        ("bytes=2000-5000", 2_000..<4_000),
    ])
    func `one range is partial content`(header: String, range: Range<Int>) async throws {
        try await withRegistry { client in
            let digest = try await client.push(content, to: "a")
            let response = try await client.send("GET", "/v2/a/blobs/\(digest)", [("Range", header)])
            #expect(response.status == 206)
            #expect(response.body == Array(content[range]))
            #expect(response["content-range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/4000")
            #expect(response["docker-content-digest"] == digest)
            #expect(response["etag"] == "\"\(digest)\"")
        }
    }

    @Test(arguments: ["bytes=500-0", "bytes=5000-10000"])
    func `a range outside is refused with the size`(header: String) async throws {
        try await withRegistry { client in
            let digest = try await client.push(content, to: "a")
            let response = try await client.send("GET", "/v2/a/blobs/\(digest)", [("Range", header)])
            #expect(response.status == 416)
            #expect(response["content-range"] == "bytes */4000")
            #expect(response.codes == ["RANGE_INVALID"])
            #expect(try await client.send("HEAD", "/v2/a/blobs/\(digest)", [("Range", header)]).status == 200)
        }
    }

    @Test func `a thousand ranges come as so many parts in the order asked for`() async throws {
        try await withRegistry { client in
            let digest = try await client.push(content, to: "a")
            let ranges = (0..<1_024).reversed().map { ($0 * 3)..<($0 * 3 + 2) }
            let header = "bytes=" + ranges.map { "\($0.lowerBound)-\($0.upperBound - 1)" }.joined(separator: ",")
            let response = try await client.send("GET", "/v2/a/blobs/\(digest)", [("Range", header)])
            #expect(response.status == 206)
            let type = try #require(response["content-type"])
            let boundary = try #require(type.split(separator: "=").last)
            #expect(type.hasPrefix("multipart/byteranges; boundary="))
            var expected: [UInt8] = []
            for (index, range) in ranges.enumerated() {
                let head = """
                    --\(boundary)\r\nContent-Type: application/octet-stream\r\n\
                    Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/4000\r\n\r\n
                    """
                expected += Array(((index == 0 ? "" : "\r\n") + head).utf8) + content[range]
            }
            expected += Array("\r\n--\(boundary)--\r\n".utf8)
            #expect(response.body == expected)
        }
    }

    @Test func `conditions compare with the digest`() async throws {
        try await withRegistry { client in
            let digest = try await client.push(content, to: "a")
            let path = "/v2/a/blobs/\(digest)"
            for tag in ["\"\(digest)\"", digest, "W/\"\(digest)\"", "\"x\", \"\(digest)\"", "*"] {
                let response = try await client.send("GET", path, [("If-None-Match", tag)])
                #expect(response.status == 304)
                #expect(response["etag"] == "\"\(digest)\"")
            }
            #expect(try await client.send("GET", path, [("If-None-Match", "\"x\"")]).status == 200)
            let range = ("Range", "bytes=0-9")
            #expect(try await client.send("GET", path, [range, ("If-Range", "\"\(digest)\"")]).status == 206)
            #expect(try await client.send("GET", path, [range, ("If-Range", "\"x\"")]).status == 200)
        }
    }
}
