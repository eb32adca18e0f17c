// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A text with `*` (any run of bytes) and `?` (any one byte), compiled for matching.
struct PolicyPattern: Sendable {
    private static let star: UInt16 = 0x100
    private static let mark: UInt16 = 0x101

    private enum Shape: Sendable {
        case exact([UInt8])
        /// Literal bytes and one star behind them: what most policies say.
        case prefix([UInt8])
        /// One unit per byte, or `star` or `mark`.
        case general([UInt16])
    }

    private let shape: Shape

    /// Without variables.
    init(literal text: String) {
        self.init(units: Self.units(text))
    }

    init(units: [UInt16]) {
        let body = units.last == Self.star ? units.dropLast() : units[...]
        if body.contains(where: { $0 >= Self.star }) {
            shape = .general(units)
        } else {
            let bytes = body.map { UInt8(truncatingIfNeeded: $0) }
            shape = body.count == units.count ? .exact(bytes) : .prefix(bytes)
        }
    }

    static func units(_ text: String) -> [UInt16] {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "*"): star
            case UInt8(ascii: "?"): mark
            default: UInt16(byte)
            }
        }
    }

    func matches(_ bytes: [UInt8]) -> Bool {
        switch shape {
        case .exact(let literal): bytes == literal
        case .prefix(let literal): bytes.starts(with: literal)
        case .general(let units): Self.match(units, bytes)
        }
    }

    /// Going back to the last star only: at worst the product of both lengths.
    private static func match(_ units: [UInt16], _ bytes: [UInt8]) -> Bool {
        var unit = 0
        var byte = 0
        var retry: (unit: Int, byte: Int)?
        while byte < bytes.count {
            if unit < units.count, units[unit] == star {
                retry = (unit + 1, byte)
                unit += 1
            } else if unit < units.count, units[unit] == mark || units[unit] == UInt16(bytes[byte]) {
                unit += 1
                byte += 1
            } else if let last = retry {
                retry = (last.unit, last.byte + 1)
                unit = last.unit
                byte = last.byte + 1
            } else {
                return false
            }
        }
        return units[unit...].allSatisfy { $0 == star }
    }
}

/// A pattern that may hold policy variables, `${aws:username}`.
struct PolicyTemplate: Sendable {
    private enum Piece: Sendable {
        case units([UInt16])
        case variable(key: String, fallback: String?)
    }

    private let pieces: [Piece]
    /// Ready at once where no variable occurs.
    private let fixed: PolicyPattern?

    /// - Parameters:
    ///   - expandsVariables: the document's version has variables.
    ///   - hasWildcards: `*` and `?` mean more than themselves.
    /// - Returns: nil for a variable that is not closed or has no known key.
    init?(_ text: String, expandsVariables: Bool, hasWildcards: Bool) {
        func units(_ text: Substring) -> [UInt16] {
            hasWildcards ? PolicyPattern.units(String(text)) : text.utf8.map { UInt16($0) }
        }
        var pieces: [Piece] = []
        var rest = text[...]
        while expandsVariables, let start = rest.utf8.indices.first(where: { rest.utf8[$0...].starts(with: "${".utf8) })
        {
            let tail = rest[rest.utf8.index(start, offsetBy: 2)...]
            guard let end = tail.utf8.firstIndex(of: UInt8(ascii: "}")), pieces.count < 32 else { return nil }
            pieces.append(.units(units(rest[..<start])))
            guard let piece = Self.variable(tail[..<end]) else { return nil }
            pieces.append(piece)
            rest = tail[tail.utf8.index(after: end)...]
        }
        if pieces.isEmpty {
            fixed = PolicyPattern(units: units(rest))
            self.pieces = []
        } else {
            pieces.append(.units(units(rest)))
            fixed = nil
            self.pieces = pieces
        }
    }

    /// `aws:username`, `aws:username, 'nobody'`, or one of `*`, `?`, `$` for the character itself.
    private static func variable(_ text: Substring) -> Piece? {
        switch text {
        case "*", "?", "$": return .units(text.utf8.map { UInt16($0) })
        default: break
        }
        let parts = text.utf8.split(separator: UInt8(ascii: ","), maxSplits: 1).map { Substring($0).trimmed }
        guard let name = parts.first, let key = PolicyConditionKey(String(name)) else { return nil }
        guard parts.count == 2 else { return .variable(key: key.name, fallback: nil) }
        let quoted = parts[1]
        guard quoted.utf8.count >= 2, quoted.first == "'", quoted.last == "'" else { return nil }
        return .variable(key: key.name, fallback: String(quoted.dropFirst().dropLast()))
    }

    /// The pattern for this request; nil when a variable has no value, and then nothing matches.
    ///
    /// A value's own stars mean themselves.
    func pattern(_ request: PolicyRequest) -> PolicyPattern? {
        if let fixed { return fixed }
        var units: [UInt16] = []
        for piece in pieces {
            switch piece {
            case .units(let more): units.append(contentsOf: more)
            case .variable(let key, let fallback):
                guard let value = request.values(of: key)?.first ?? fallback else { return nil }
                units.append(contentsOf: value.utf8.map { UInt16($0) })
            }
        }
        return PolicyPattern(units: units)
    }

    func matches(_ bytes: [UInt8], _ request: PolicyRequest) -> Bool {
        if let fixed { return fixed.matches(bytes) }
        return pattern(request)?.matches(bytes) ?? false
    }
}
