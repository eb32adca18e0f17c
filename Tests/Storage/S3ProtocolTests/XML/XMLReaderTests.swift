// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import Testing

@Suite struct XMLReaderTests {
    private func parse(_ text: String, byteCountMax: Int = 1 << 20) throws(XMLError) -> XMLElement {
        try XMLReader.parse(Array(text.utf8), byteCountMax: byteCountMax)
    }

    @Test(arguments: [
        ("<a>x</a>", "x"), ("<a/>", ""), ("<a></a>", ""), ("<a />", ""), ("<a\n>x</a >", "x"),
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>x</a>", "x"),
        ("<?xml version='1.0' encoding='utf-8'?>\n<a>x</a>\n", "x"),
        ("\u{FEFF}<a>x</a>", "x"), ("<!-- c --><a>x<!-- - c --></a><!---->", "x"),
        ("<?pi x?><a>x<?pi?></a><?pi?>", "x"),
        ("<a>&amp;&lt;&gt;&quot;&apos;</a>", "&<>\"'"), ("<a>&#65;&#x41;</a>", "AA"),
        ("<a>&#x1F600;</a>", "\u{1F600}"), ("<a>&#x1;</a>", "\u{1}"), ("<a>&#0065;</a>", "A"),
        ("<a><![CDATA[<b>&amp;]] >]]></a>", "<b>&amp;]] >"), ("<a>1<![CDATA[]]>2<![CDATA[3]]></a>", "123"),
        ("<a> x \r\ny\rz </a>", " x \ny\nz "), ("<a>日本\u{301}</a>", "日本\u{301}"), ("<a>x<b>y</b>z</a>", "xz"),
        ("<a b='1' c=\"2&amp;\"/>", ""), ("<é>x</é>", "x"), ("<a>]]</a>", "]]"),
    ])
    func `a good document is read`(_ text: String, _ content: String) throws {
        #expect(try parse(text).text.unicodeScalars.elementsEqual(content.unicodeScalars))
    }

    @Test(arguments: [
        "", " ", "x", "<", "<a", "<a>", "<a>x", "<a>x</", "<a>x</a", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a/>x",
        "x<a/>", "</a>", "<1/>", "<-a/>", "< a/>", "<a b/>", "<a b=1/>", "<a b='1/>", "<a b='1'c='2'/>",
        "<a b='1' b='2'/>", "<a b='<'/>", "<a>&</a>", "<a>&amp</a>", "<a>&;</a>", "<a>&#;</a>", "<a>&#x;</a>",
        "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&#-1;</a>", "<a>&#+65;</a>", "<a>&#xG;</a>",
        "<a>&nbsp;</a>", "<a>&xxe;</a>", "<a>&AMP;</a>", "<a>&aaaaaaaaaaaaaaaaaaaaaa;</a>",
        "<!DOCTYPE a><a/>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "<a><!DOCTYPE a></a>",
        "<a><!ENTITY x 'y'></a>", "<!-- a -- b --><a/>", "<!-- ---><a/>", "<!--<a/>", "<a><!--</a>",
        "<a><![CDATA[x</a>", "<a><![CDATA[x]]</a>", "<![CDATA[x]]><a/>", "<a><![cdata[x]]></a>",
        "<?xml version='1.0' encoding='UTF-16'?><a/>", "<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "<?xml <a/>",
        "<a>\u{0}</a>", "<a>\u{1}</a>", "<a>\u{B}</a>", "<a b='\u{1}'/>", "<a><![CDATA[\u{1}]]></a>", "<a>]]></a>",
        "<a/ >", "<a//>", "\u{FEFF}\u{FEFF}<a/>", "<a:/>", "<:a/>",
    ])
    func `a bad document is refused`(_ text: String) {
        #expect(throws: XMLError.malformed) { try parse(text) }
    }

    @Test(
        arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0x80]]
            as [[UInt8]]
    )
    func `bytes that are not UTF-8 are refused`(_ bytes: [UInt8]) {
        let text = Array("<a>".utf8) + bytes + Array("</a>".utf8)
        #expect(throws: XMLError.malformed) { try XMLReader.parse(text, byteCountMax: 100) }
        let name = Array("<a".utf8) + bytes + Array("/>".utf8)
        #expect(throws: XMLError.malformed) { try XMLReader.parse(name, byteCountMax: 100) }
    }

    @Test func `a prefix is dropped from elements and kept on attributes`() throws {
        let root = try parse(
            "<s3:Delete xmlns:s3='http://s3.amazonaws.com/doc/2006-03-01/' xsi:type='T'><s3:Key>k</s3:Key></s3:Delete>"
        )
        #expect(root.name == "Delete")
        #expect(root.text(of: "Key") == "k")
        #expect(root.attributes.map(\.name) == ["xmlns:s3", "xsi:type"])
        #expect(root.attributes.last?.value == "T")
        #expect(throws: XMLError.malformed) { try parse("<a:x></b:x>") }
    }

    @Test func `children are found by name in their order`() throws {
        let root = try parse("<a><b>1</b><c/><b>2</b></a>")
        #expect(root.all("b").map(\.text) == ["1", "2"])
        #expect(root.first("b")?.text == "1")
        #expect(root.text(of: "d") == nil)
    }

    @Test func `white space in an attribute becomes spaces`() throws {
        #expect(try parse("<a b='1\n2\t3'/>").attributes.first?.value == "1 2 3")
    }

    @Test func `depth is limited`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        _ = try parse(nested(XMLReader.depthMax))
        #expect(throws: XMLError.limitExceeded) { try parse(nested(XMLReader.depthMax + 1)) }
        #expect(throws: XMLError.limitExceeded) { try parse(String(repeating: "<a>", count: 100_000)) }
    }

    @Test func `size, elements and attributes are limited`() throws {
        _ = try parse("<a/>", byteCountMax: 4)
        #expect(throws: XMLError.limitExceeded) { try parse("<a/>", byteCountMax: 3) }
        let many = "<a>" + String(repeating: "<b/>", count: XMLReader.elementCountMax) + "</a>"
        #expect(throws: XMLError.limitExceeded) { try parse(many) }
        func attributes(_ count: Int) -> String { "<a" + (0..<count).map { " b\($0)=''" }.joined() + "/>" }
        _ = try parse(attributes(XMLReader.attributeCountMax))
        #expect(throws: XMLError.limitExceeded) { try parse(attributes(XMLReader.attributeCountMax + 1)) }
    }

    private static let sample =
        "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- c --><a xmlns=\"u\"><b c='d'>é&amp;&#x41;"
        + "<![CDATA[<>]]></b><e/></a>"

    @Test func `a document cut off at any byte is refused`() throws {
        let bytes = Array(Self.sample.utf8)
        _ = try XMLReader.parse(bytes, byteCountMax: 1_000)
        for count in bytes.indices {
            #expect(throws: XMLError.malformed) { try XMLReader.parse(Array(bytes[..<count]), byteCountMax: 1_000) }
        }
    }

    @Test func `random changes are read or refused without harm`() {
        var random = SeededGenerator(seed: 3)
        let good = Array(Self.sample.utf8)
        for _ in 0..<20_000 {
            let bytes = random.mutated(good, alphabet: Array("<>&;/!-[]'\"= ?:".utf8))
            guard let root = try? XMLReader.parse(bytes, byteCountMax: 4_096) else { continue }
            #expect(!root.name.isEmpty)
        }
        for _ in 0..<2_000 { _ = try? XMLReader.parse(random.bytes(64), byteCountMax: 64) }
    }
}
