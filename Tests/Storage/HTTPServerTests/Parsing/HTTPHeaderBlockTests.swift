// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

@Suite struct HTTPHeaderBlockTests {
    let block = HTTPHeaderBlock([
        ("Host", "example.test"), ("X-Amz-Meta-A", "1"), ("x-amz-meta-a", "2"), ("X-Empty", ""),
    ])

    @Test func `names compare without case`() {
        #expect(block.first("host") == "example.test")
        #expect(block.first("x-amz-meta-a") == "1")
        #expect(block.first("hos") == nil)
        #expect(block.first("hosts") == nil)
        #expect(block.contains("x-empty"))
        #expect(!block.contains("y-empty"))
    }

    @Test func `repeated lines stay apart or are joined`() {
        #expect(block.all("x-amz-meta-a") == ["1", "2"])
        #expect(block.joined("x-amz-meta-a") == "1,2")
        #expect(block.joined("x-empty") == "")
        #expect(block.joined("nothing") == nil)
        #expect(block.all("nothing").isEmpty)
    }

    @Test func `lines are told in their order as they were sent`() {
        var seen: [String] = []
        block.forEach { name, value in
            seen.append("\(String(decoding: name, as: UTF8.self))=\(String(decoding: value, as: UTF8.self))")
        }
        #expect(seen == ["Host=example.test", "X-Amz-Meta-A=1", "x-amz-meta-a=2", "X-Empty="])
        #expect(block.count == 4)
        #expect(
            block.byteCount == "Host: example.test\r\nX-Amz-Meta-A: 1\r\nx-amz-meta-a: 2\r\nX-Empty: \r\n".utf8.count
        )
    }

    @Test func `a value that is no UTF-8 is read as Latin-1`() {
        var buffer = ByteBuffer(string: "a:")
        buffer.writeBytes([0x63, 0xE9])
        let line = HTTPHeaderBlock.Line(nameStart: 0, nameCount: 1, valueStart: 2, valueCount: 2)
        #expect(HTTPHeaderBlock(buffer: buffer, lines: [line], byteCount: 6).first("a") == "cé")
        #expect(HTTPHeaderBlock([("a", "cé")]).first("a") == "cé")
    }
}
