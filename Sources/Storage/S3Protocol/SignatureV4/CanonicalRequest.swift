// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// The names in `SignedHeaders`, lower case and sorted.
struct SignedHeaderList {
    static let nameCountMax = 128

    let bytes: [UInt8]
    let names: [Range<Int>]

    /// Nil when it is empty, has an empty name, or has more names than any client signs.
    init?(_ text: Substring) {
        let bytes = text.utf8.withBytes { $0.map { S3Headers.lowercased($0) } }
        var names: [Range<Int>] = []
        names.reserveCapacity(16)
        var start = 0
        for index in 0...bytes.count where index == bytes.count || bytes[index] == UInt8(ascii: ";") {
            guard index > start, names.count < Self.nameCountMax else { return nil }
            names.append(start..<index)
            start = index + 1
        }
        // Clients sort them; one that doesn't is put right, as the signature is over the sorted list.
        for index in names.indices.dropFirst()
        where bytes[names[index]].lexicographicallyPrecedes(bytes[names[index - 1]]) {
            names.sort { bytes[$0].lexicographicallyPrecedes(bytes[$1]) }
            break
        }
        self.bytes = bytes
        self.names = names
    }

    func contains(_ line: S3Headers.Line, of headers: S3Headers) -> Bool {
        names.contains { $0.count == line.nameCount && Self.equal(bytes, $0, headers.bytes, line.nameStart) }
    }

    func contains(_ name: StaticString) -> Bool {
        names.contains { range in
            range.count == name.utf8CodeUnitCount && name.withUTF8Buffer { bytes[range].elementsEqual($0) }
        }
    }

    @inline(__always)
    static func equal(_ left: [UInt8], _ range: Range<Int>, _ right: [UInt8], _ start: Int) -> Bool {
        var position = start
        for index in range {
            if left[index] != right[position] { return false }
            position += 1
        }
        return true
    }
}

/// Builds the canonical request of signature version 4 as bytes (`spec/s3.md` §2.2).
struct CanonicalRequest {
    /// How the path and the query get in: the specification's form, or as the client spelled them, because some
    /// clients sign what they send.
    enum PathForm { case normalised, raw }
    enum QueryForm: CaseIterable { case normalised, raw, literalPlus }

    let input: RequestSignatureInput
    let signedHeaders: SignedHeaderList
    /// The last line: the value of `x-amz-content-sha256` or `UNSIGNED-PAYLOAD`.
    let payloadHash: String

    /// One buffer, no copies of it.
    func bytes(path: PathForm, query: QueryForm) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(
            256 + input.rawPath.utf8.count + (input.rawQuery?.utf8.count ?? 0) * 2 + signedHeaders.bytes.count * 8
        )
        output.append(contentsOf: input.method.utf8)
        output.append(0x0A)
        appendPath(path, to: &output)
        output.append(0x0A)
        appendQuery(query, to: &output)
        output.append(0x0A)
        appendHeaders(to: &output)
        output.append(0x0A)
        for (index, name) in signedHeaders.names.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ";")) }
            output.append(contentsOf: signedHeaders.bytes[name])
        }
        output.append(0x0A)
        output.append(contentsOf: payloadHash.utf8)
        return output
    }

    private func appendPath(_ form: PathForm, to output: inout [UInt8]) {
        switch form {
        case .raw: output.append(contentsOf: input.rawPath.utf8)
        case .normalised: Self.appendReencoded(input.rawPath.utf8[...], isQuery: false, plusIsSpace: false, to: &output)
        }
    }

    private func appendQuery(_ form: QueryForm, to output: inout [UInt8]) {
        guard let rawQuery = input.rawQuery, !rawQuery.isEmpty else { return }
        // Encoded parameters lie one behind the other in `scratch`; sorting moves only their borders.
        var scratch: [UInt8] = []
        scratch.reserveCapacity(rawQuery.utf8.count * 2)
        var parameters: [(name: Range<Int>, value: Range<Int>)] = []
        for piece in rawQuery.utf8.split(separator: UInt8(ascii: "&")) {
            let equals = piece.firstIndex(of: UInt8(ascii: "="))
            let start = scratch.count
            appendPiece(piece[..<(equals ?? piece.endIndex)], form, to: &scratch)
            let middle = scratch.count
            if let equals { appendPiece(piece[piece.index(after: equals)...], form, to: &scratch) }
            if scratch[start..<middle].elementsEqual("X-Amz-Signature".utf8) {
                scratch.removeSubrange(start...)
            } else {
                parameters.append((start..<middle, middle..<scratch.count))
            }
        }
        parameters.sort { left, right in
            let names = (scratch[left.name], scratch[right.name])
            if names.0.lexicographicallyPrecedes(names.1) { return true }
            if names.1.lexicographicallyPrecedes(names.0) { return false }
            return scratch[left.value].lexicographicallyPrecedes(scratch[right.value])
        }
        for (index, parameter) in parameters.enumerated() {
            if index > 0 { output.append(UInt8(ascii: "&")) }
            output.append(contentsOf: scratch[parameter.name])
            output.append(UInt8(ascii: "="))
            output.append(contentsOf: scratch[parameter.value])
        }
    }

    private func appendPiece(_ piece: Substring.UTF8View, _ form: QueryForm, to output: inout [UInt8]) {
        switch form {
        case .raw: output.append(contentsOf: piece)
        case .normalised: Self.appendReencoded(piece, isQuery: true, plusIsSpace: true, to: &output)
        case .literalPlus: Self.appendReencoded(piece, isQuery: true, plusIsSpace: false, to: &output)
        }
    }

    /// Decodes once and encodes again in one pass; a `%` that begins no escape is a percent sign.
    private static func appendReencoded(
        _ text: Substring.UTF8View,
        isQuery: Bool,
        plusIsSpace: Bool,
        to output: inout [UInt8]
    ) {
        let done: Void? = text.withContiguousStorageIfAvailable { bytes in
            var index = 0
            while index < bytes.count {
                var byte = bytes[index]
                index += 1
                if PercentEncoding.isUnreserved(byte) || (byte == UInt8(ascii: "/") && !isQuery) {
                    output.append(byte)
                    continue
                }
                if byte == UInt8(ascii: "%"), index + 1 < bytes.count, let high = Hex.value(ofDigit: bytes[index]),
                    let low = Hex.value(ofDigit: bytes[index + 1])
                {
                    byte = high << 4 | low
                    index += 2
                } else if byte == UInt8(ascii: "+"), plusIsSpace {
                    byte = UInt8(ascii: " ")
                }
                append(encoding: byte, keepsSlash: !isQuery, to: &output)
            }
        }
        // Strings from the network are native UTF-8, so the bytes are always at hand; this keeps a foreign one correct.
        if done == nil {
            appendReencoded(String(Substring(text)).utf8[...], isQuery: isQuery, plusIsSpace: plusIsSpace, to: &output)
        }
    }

    private static func append(encoding byte: UInt8, keepsSlash: Bool, to output: inout [UInt8]) {
        if PercentEncoding.isUnreserved(byte) || (keepsSlash && byte == UInt8(ascii: "/")) {
            output.append(byte)
        } else {
            output.append(UInt8(ascii: "%"))
            output.append(Hex.upperDigit(byte >> 4))
            output.append(Hex.upperDigit(byte & 15))
        }
    }

    /// `name:value` lines in the order of the list; several lines of a name joined by commas, an absent one empty.
    private func appendHeaders(to output: inout [UInt8]) {
        let headers = input.headers
        for name in signedHeaders.names {
            output.append(contentsOf: signedHeaders.bytes[name])
            output.append(UInt8(ascii: ":"))
            var isFirst = true
            for line in headers.lines
            where line.nameCount == name.count
                && SignedHeaderList.equal(signedHeaders.bytes, name, headers.bytes, line.nameStart)
            {
                if !isFirst { output.append(UInt8(ascii: ",")) }
                isFirst = false
                appendFolded(headers.bytes, line.valueStart..<line.valueStart + line.valueCount, to: &output)
            }
            output.append(0x0A)
        }
    }

    /// Runs of spaces become one; the value is trimmed already.
    private func appendFolded(_ bytes: [UInt8], _ range: Range<Int>, to output: inout [UInt8]) {
        var start = range.lowerBound
        for index in range.dropFirst() where bytes[index] == 0x20 && bytes[index - 1] == 0x20 {
            output.append(contentsOf: bytes[start..<index])
            start = index + 1
        }
        if start < range.upperBound { output.append(contentsOf: bytes[start..<range.upperBound]) }
    }
}
