// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import S3Protocol
import StorageTypes
import Testing

@Suite struct XMLWriterTests {
    private static let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

    private func text(_ body: (inout XMLWriter) -> Void) -> String {
        var writer = XMLWriter()
        body(&writer)
        return String(String(buffer: writer.finish()).dropFirst(Self.declaration.count))
    }

    @Test func `the declaration comes first and the namespace stands on the root`() {
        var writer = XMLWriter()
        writer.open("R", namespace: XMLWriter.namespace)
        writer.close("R")
        let expected = Self.declaration + "<R xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></R>"
        #expect(String(buffer: writer.finish()) == expected)
    }

    @Test(arguments: [
        ("plain", "plain"), ("a&b<c>d\"e'", "a&amp;b&lt;c&gt;d&quot;e'"), ("\t\n", "\t\n"), ("\r", "&#xD;"),
        ("\u{1}\u{1F}\u{0}", "&#x1;&#x1f;&#x0;"), ("日本", "日本"), ("", ""), ("&&", "&amp;&amp;"),
    ])
    func `text is escaped`(_ value: String, _ escaped: String) {
        #expect(text { $0.element("E", value) } == "<E>\(escaped)</E>")
        #expect(text { $0.element("E", Array(value.utf8)) } == "<E>\(escaped)</E>")
        #expect(text { $0.element(dynamic: "E", value) } == "<E>\(escaped)</E>")
    }

    @Test(arguments: [
        ("a b", "a%20b"), ("a/b", "a/b"), ("a+b", "a%2Bb"), ("\u{1}", "%01"), ("é", "%C3%A9"), ("~-_.", "~-_."),
        ("<&>", "%3C%26%3E"),
    ])
    func `a key is percent-encoded on request`(_ key: String, _ encoded: String) {
        #expect(text { $0.element("Key", Array(key.utf8), encodesURL: true) } == "<Key>\(encoded)</Key>")
    }

    @Test func `values have their own forms`() {
        #expect(text { $0.element("B", true) } == "<B>true</B>")
        #expect(text { $0.element("B", false) } == "<B>false</B>")
        #expect(text { $0.element("N", 0) } == "<N>0</N>")
        #expect(text { $0.element("N", UInt64.max) } == "<N>18446744073709551615</N>")
        #expect(text { $0.element("N", nil as String?) }.isEmpty)
        #expect(text { $0.empty("E") } == "<E/>")
        let time = Timestamp(nanoseconds: 1_767_323_045_006_999_999)
        #expect(text { $0.element("D", time) } == "<D>2026-01-02T03:04:05.006Z</D>")
        let etag = ETag(bytes: (0..<16).map { UInt8($0) * 17 })
        #expect(text { $0.element("T", etag) } == "<T>&quot;00112233445566778899aabbccddeeff&quot;</T>")
        let composite = ETag(bytes: etag.bytes, partCount: 10_000)
        #expect(text { $0.element("T", composite) } == "<T>&quot;00112233445566778899aabbccddeeff-10000&quot;</T>")
    }

    @Test func `what is written is read again`() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            let value = String(decoding: random.bytes(24).filter { $0 != 0 }, as: UTF8.self)
            var writer = XMLWriter()
            writer.open("R", namespace: XMLWriter.namespace)
            writer.element("E", value)
            writer.close("R")
            let bytes = Array(writer.finish().readableBytesView)
            let element = try XMLReader.parse(bytes, byteCountMax: 10_000)
            #expect(element.text(of: "E")?.utf8.elementsEqual(value.utf8) == true)
        }
    }
}
