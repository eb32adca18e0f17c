// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Why a document was refused.
package enum XMLError: Error, Sendable, Hashable, CaseIterable {
    /// Not well-formed, cut off, a document type, an entity that is not predefined, not UTF-8.
    case malformed
    /// More bytes, depth, elements or attributes than allowed.
    case limitExceeded
}

/// An element of a small document that was read whole.
package struct XMLElement: Sendable, Hashable {
    /// Without the namespace's prefix.
    package let name: String
    package let attributes: [XMLAttribute]
    package let children: [XMLElement]
    /// All character data directly inside, references resolved, CDATA included; white space as it came.
    package let text: String

    package func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    package func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    /// The text of the first child called `name`.
    package func text(of name: String) -> String? { first(name)?.text }
}

/// One attribute of an element, its value with references resolved.
package struct XMLAttribute: Sendable, Hashable {
    /// With its prefix: `xsi:type`.
    package let name: String
    package let value: String
}

/// Reads the XML bodies of requests: strict, without document types, without entities but the five predefined ones and
/// numeric references, one pass, everything bounded.
package struct XMLReader {
    package static let depthMax = 20
    package static let attributeCountMax = 16
    /// CompleteMultipartUpload with 10,000 parts and every checksum stays below it.
    package static let elementCountMax = 200_000

    private let bytes: [UInt8]
    private var position = 0
    private var elementCount = 0

    /// - Parameter byteCountMax: by operation (`spec/s3.md` §1.3).
    package static func parse(_ bytes: [UInt8], byteCountMax: Int) throws(XMLError) -> XMLElement {
        guard bytes.count <= byteCountMax else { throw .limitExceeded }
        // Once for the whole; pieces cut at ASCII borders are then valid as well.
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .malformed }
        var reader = XMLReader(bytes: bytes)
        return try reader.document()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func document() throws(XMLError) -> XMLElement {
        if starts(with: "\u{FEFF}") { position += 3 }
        if starts(with: "<?xml") { try declaration() }
        try skipMiscellaneous()
        let root = try element(depth: 1)
        try skipMiscellaneous()
        guard position == bytes.count else { throw .malformed }
        return root
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`; another encoding would be read wrongly.
    private mutating func declaration() throws(XMLError) {
        let start = position
        try skip(past: "?>")
        let text = String(decoding: bytes[start..<position], as: UTF8.self).lowercased()
        if text.contains("encoding") {
            guard text.contains("\"utf-8\"") || text.contains("'utf-8'") || text.contains("us-ascii") else {
                throw .malformed
            }
        }
    }

    /// White space, comments and processing instructions; a document type is refused here, and with it every entity.
    private mutating func skipMiscellaneous() throws(XMLError) {
        while true {
            skipSpace()
            if starts(with: "<!--") {
                try comment()
            } else if starts(with: "<?") {
                try skip(past: "?>")
            } else {
                return
            }
        }
    }

    private mutating func comment() throws(XMLError) {
        position += 4
        while position + 1 < bytes.count {
            if bytes[position] == UInt8(ascii: "-"), bytes[position + 1] == UInt8(ascii: "-") {
                position += 2
                // "--" may not stand inside a comment.
                guard position < bytes.count, bytes[position] == UInt8(ascii: ">") else { throw .malformed }
                position += 1
                return
            }
            position += 1
        }
        throw .malformed
    }

    private mutating func element(depth: Int) throws(XMLError) -> XMLElement {
        guard depth <= Self.depthMax, elementCount < Self.elementCountMax else { throw .limitExceeded }
        elementCount += 1
        guard try take() == UInt8(ascii: "<") else { throw .malformed }
        let qualifiedName = try name()
        let attributes = try attributes()
        let localName = Self.local(qualifiedName)
        guard !localName.isEmpty else { throw .malformed }
        if starts(with: "/>") {
            position += 2
            return XMLElement(name: localName, attributes: attributes, children: [], text: "")
        }
        guard try take() == UInt8(ascii: ">") else { throw .malformed }
        var children: [XMLElement] = []
        var text: [UInt8] = []
        while true {
            try characters(into: &text)
            if starts(with: "</") {
                position += 2
                guard try name() == qualifiedName else { throw .malformed }
                skipSpace()
                guard try take() == UInt8(ascii: ">") else { throw .malformed }
                let content = String(decoding: text, as: UTF8.self)
                return XMLElement(name: localName, attributes: attributes, children: children, text: content)
            } else if starts(with: "<!--") {
                try comment()
            } else if starts(with: "<![CDATA[") {
                try section(into: &text)
            } else if starts(with: "<?") {
                try skip(past: "?>")
            } else if starts(with: "<!") {
                throw .malformed
            } else {
                children.append(try element(depth: depth + 1))
            }
        }
    }

    /// Character data up to the next `<`.
    private mutating func characters(into text: inout [UInt8]) throws(XMLError) {
        let origin = position
        var start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "<"):
                text.append(contentsOf: bytes[start..<position])
                return
            case UInt8(ascii: ">"):
                // The end of a CDATA section without its start.
                if position - origin >= 2, bytes[position - 1] == UInt8(ascii: "]"),
                    bytes[position - 2] == UInt8(ascii: "]")
                {
                    throw .malformed
                }
                position += 1
            case UInt8(ascii: "&"):
                text.append(contentsOf: bytes[start..<position])
                try reference(into: &text)
                start = position
            case 0x0D:
                // A line end is one line feed, however it was written.
                text.append(contentsOf: bytes[start..<position])
                text.append(0x0A)
                position += 1
                if position < bytes.count, bytes[position] == 0x0A { position += 1 }
                start = position
            case 0..<0x09, 0x0B, 0x0C, 0x0E..<0x20:
                throw .malformed
            default:
                position += 1
            }
        }
        throw .malformed
    }

    private mutating func section(into text: inout [UInt8]) throws(XMLError) {
        position += 9
        let start = position
        try skip(past: "]]>")
        let end = position - 3
        var index = start
        while index < end {
            switch bytes[index] {
            case 0x0D:
                text.append(0x0A)
                if index + 1 < end, bytes[index + 1] == 0x0A { index += 1 }
            case 0..<0x09, 0x0B, 0x0C, 0x0E..<0x20: throw .malformed
            default: text.append(bytes[index])
            }
            index += 1
        }
    }

    /// `&amp;` and its four brothers, `&#38;`, `&#x26;`.
    private mutating func reference(into text: inout [UInt8]) throws(XMLError) {
        position += 1
        let start = position
        // The longest is `#x10FFFF`; leading zeros are let pass up to a bound.
        while position < bytes.count, bytes[position] != UInt8(ascii: ";") {
            position += 1
            guard position - start <= 16 else { throw .malformed }
        }
        guard position < bytes.count else { throw .malformed }
        let name = bytes[start..<position]
        position += 1
        if name.first == UInt8(ascii: "#") {
            guard let scalar = Self.scalar(name.dropFirst()) else { throw .malformed }
            text.append(contentsOf: Array(String(scalar).utf8))
            return
        }
        switch String(decoding: name, as: UTF8.self) {
        case "amp": text.append(UInt8(ascii: "&"))
        case "lt": text.append(UInt8(ascii: "<"))
        case "gt": text.append(UInt8(ascii: ">"))
        case "quot": text.append(UInt8(ascii: "\""))
        case "apos": text.append(UInt8(ascii: "'"))
        default: throw .malformed
        }
    }

    /// A control character is let pass by reference: it is the only way to name such a key, and our own answers
    /// write it so.
    private static func scalar(_ digits: ArraySlice<UInt8>) -> Unicode.Scalar? {
        let isHex = digits.first == UInt8(ascii: "x")
        let text = String(decoding: isHex ? digits.dropFirst() : digits, as: UTF8.self)
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-"),
            let value = UInt32(text, radix: isHex ? 16 : 10), value > 0
        else { return nil }
        return Unicode.Scalar(value)
    }

    // MARK: Tags

    private mutating func name() throws(XMLError) -> String {
        let start = position
        while position < bytes.count, Self.isNameByte(bytes[position]) { position += 1 }
        guard position > start, position - start <= 256, Self.isNameStart(bytes[start]) else { throw .malformed }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func attributes() throws(XMLError) -> [XMLAttribute] {
        var attributes: [XMLAttribute] = []
        while true {
            let hadSpace = skipSpace()
            guard position < bytes.count else { throw .malformed }
            if bytes[position] == UInt8(ascii: ">") || bytes[position] == UInt8(ascii: "/") { return attributes }
            guard hadSpace else { throw .malformed }
            guard attributes.count < Self.attributeCountMax else { throw .limitExceeded }
            let name = try name()
            skipSpace()
            guard try take() == UInt8(ascii: "=") else { throw .malformed }
            skipSpace()
            let value = try attributeValue()
            guard !attributes.contains(where: { $0.name == name }) else { throw .malformed }
            attributes.append(XMLAttribute(name: name, value: value))
        }
    }

    private mutating func attributeValue() throws(XMLError) -> String {
        let quote = try take()
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw .malformed }
        var text: [UInt8] = []
        while position < bytes.count {
            switch bytes[position] {
            case quote:
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "<"): throw .malformed
            case UInt8(ascii: "&"): try reference(into: &text)
            case 0x09, 0x0A, 0x0D:
                text.append(0x20)
                position += 1
            case 0..<0x20: throw .malformed
            default:
                text.append(bytes[position])
                position += 1
            }
        }
        throw .malformed
    }

    private static func local(_ name: String) -> String {
        guard let colon = name.utf8.firstIndex(of: UInt8(ascii: ":")) else { return name }
        return String(name[name.utf8.index(after: colon)...])
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        (97...122).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isNameStart(byte) || (45...46).contains(byte) || (48...58).contains(byte)
    }

    // MARK: Bytes

    private mutating func take() throws(XMLError) -> UInt8 {
        guard position < bytes.count else { throw .malformed }
        position += 1
        return bytes[position - 1]
    }

    @discardableResult
    private mutating func skipSpace() -> Bool {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return position > start
            }
        }
        return position > start
    }

    private func starts(with text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        return text.withUTF8Buffer { text in
            for offset in 0..<count where bytes[position + offset] != text[offset] { return false }
            return true
        }
    }

    private mutating func skip(past text: StaticString) throws(XMLError) {
        while position < bytes.count {
            if starts(with: text) {
                position += text.utf8CodeUnitCount
                return
            }
            position += 1
        }
        throw .malformed
    }
}
