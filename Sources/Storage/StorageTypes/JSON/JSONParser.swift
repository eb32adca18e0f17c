// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not JSON, and where.
package struct JSONError: Error, Sendable, Hashable {
    package enum Reason: Sendable, Hashable, CaseIterable {
        case unexpectedByte, unexpectedEnd, trailingBytes, invalidUTF8, invalidEscape, controlCharacter
        case invalidNumber, duplicateName, tooDeep
    }

    package let reason: Reason
    /// Bytes from the start of the document.
    package let offset: Int
}

extension JSONValue {
    /// Containers inside containers; a parser that recurses must stop somewhere.
    package static let depthMax = 32

    /// Parses strict RFC 8259: UTF-8 only, no byte order mark, no duplicate names, lone surrogates refused.
    ///
    /// Cost is linear in the size; the caller bounds the size, the depth is bounded by `depthMax`.
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        // UTF-8 is checked once for the whole; slices of it at ASCII borders are then valid as well.
        guard String(validating: bytes, as: UTF8.self) != nil else { throw JSONError(reason: .invalidUTF8, offset: 0) }
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }

    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }
}

struct JSONParser {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure(.trailingBytes) }
        return value
    }

    private func failure(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason: reason, offset: position)
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private func current() throws(JSONError) -> UInt8 {
        guard position < bytes.count else { throw failure(.unexpectedEnd) }
        return bytes[position]
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        switch try current() {
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), 48...57: return try number()
        default: throw failure(.unexpectedByte)
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard bytes.count - position >= count else { throw failure(.unexpectedEnd) }
        guard text.withUTF8Buffer({ bytes[position..<position + count].elementsEqual($0) }) else {
            throw failure(.unexpectedByte)
        }
        position += count
        return value
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth <= JSONValue.depthMax else { throw failure(.tooDeep) }
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if try current() == UInt8(ascii: "]") {
            position += 1
            return elements
        }
        while true {
            elements.append(try value(depth: depth))
            if try endsAfterElement(UInt8(ascii: "]")) { return elements }
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= JSONValue.depthMax else { throw failure(.tooDeep) }
        position += 1
        var members: [JSONObject.Member] = []
        var names: Set<[UInt8]> = []
        skipSpace()
        if try current() == UInt8(ascii: "}") {
            position += 1
            return JSONObject()
        }
        while true {
            skipSpace()
            guard try current() == UInt8(ascii: "\"") else { throw failure(.unexpectedByte) }
            let name = try string()
            // Names are compared as bytes: String's own equality folds canonically equivalent spellings.
            guard names.insert(Array(name.utf8)).inserted else { throw failure(.duplicateName) }
            skipSpace()
            guard try current() == UInt8(ascii: ":") else { throw failure(.unexpectedByte) }
            position += 1
            members.append(JSONObject.Member(name: name, value: try value(depth: depth)))
            if try endsAfterElement(UInt8(ascii: "}")) { return JSONObject(distinct: members) }
        }
    }

    /// Behind an element: true at `close`, false at a comma.
    private mutating func endsAfterElement(_ close: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        let byte = try current()
        guard byte == close || byte == UInt8(ascii: ",") else { throw failure(.unexpectedByte) }
        position += 1
        return byte == close
    }
}

// MARK: - Strings and numbers

extension JSONParser {
    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let text = String(decoding: bytes[start..<position], as: UTF8.self)
                position += 1
                return text
            case UInt8(ascii: "\\"):
                return try escapedString(from: start)
            case 0..<0x20:
                throw failure(.controlCharacter)
            default:
                position += 1
            }
        }
        throw failure(.unexpectedEnd)
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var output = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: output, as: UTF8.self)
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &output)
            case 0..<0x20:
                throw failure(.controlCharacter)
            default:
                output.append(byte)
                position += 1
            }
        }
        throw failure(.unexpectedEnd)
    }

    private mutating func escape(into output: inout [UInt8]) throws(JSONError) {
        let byte = try current()
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(byte)
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): output.append(contentsOf: Array(String(try unicodeScalar()).utf8))
        default: throw failure(.invalidEscape)
        }
    }

    private mutating func unicodeScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try codeUnit()
        if UTF16.isLeadSurrogate(first) {
            guard try current() == UInt8(ascii: "\\") else { throw failure(.invalidEscape) }
            position += 1
            guard try current() == UInt8(ascii: "u") else { throw failure(.invalidEscape) }
            position += 1
            let second = try codeUnit()
            guard UTF16.isTrailSurrogate(second) else { throw failure(.invalidEscape) }
            let value = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
            guard let scalar = Unicode.Scalar(value) else { throw failure(.invalidEscape) }
            return scalar
        }
        guard let scalar = Unicode.Scalar(first) else { throw failure(.invalidEscape) }
        return scalar
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Hex.value(ofDigit: try current()) else { throw failure(.invalidEscape) }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        var isInteger = true
        if bytes[position] == UInt8(ascii: "-") { position += 1 }
        if try current() == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            if let sign = position < bytes.count ? bytes[position] : nil, sign == 0x2B || sign == 0x2D { position += 1 }
            try digits()
        }
        // A longer spelling says nothing a 64-bit number can hold.
        guard position - start <= 512 else { throw failure(.invalidNumber) }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw failure(.invalidNumber) }
        return .number(value)
    }

    private mutating func digits() throws(JSONError) {
        guard (48...57).contains(try current()) else { throw failure(.invalidNumber) }
        while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
    }
}
