// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// The query's parameters in the order sent, decoded once (`+` is a space).
package struct S3Query: Sendable {
    /// More than any client sends; keeps sorting and searching cheap.
    package static let itemCountMax = 512

    package struct Item: Sendable, Hashable {
        package let name: String
        /// Nil without a `=`.
        package let value: String?

        package init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    package let items: [Item]

    package init(items: [Item] = []) {
        self.items = items
    }

    /// - Parameter rawQuery: behind the `?` as sent; nil when there was none.
    /// - Throws: `invalidURI` for broken percent-encoding, bytes that are not UTF-8, or too many parameters.
    package init(parsing rawQuery: String?) throws(S3Error) {
        guard let rawQuery, !rawQuery.isEmpty else {
            items = []
            return
        }
        var items: [Item] = []
        for piece in rawQuery.utf8.split(separator: UInt8(ascii: "&")) {
            guard items.count < Self.itemCountMax else {
                throw S3Error(.invalidURI, "The request has too many query parameters.")
            }
            let equals = piece.firstIndex(of: UInt8(ascii: "="))
            let name = try Self.decode(piece[..<(equals ?? piece.endIndex)])
            let value = try equals.map { index throws(S3Error) in try Self.decode(piece[piece.index(after: index)...]) }
            items.append(Item(name: name, value: value))
        }
        self.items = items
    }

    package var isEmpty: Bool { items.isEmpty }

    package func has(_ name: String) -> Bool { items.contains { $0.name == name } }

    /// The first value of `name`: "" when it came without one, nil when it is absent.
    package func first(_ name: String) -> String? {
        guard let item = items.first(where: { $0.name == name }) else { return nil }
        return item.value ?? ""
    }

    private static func decode(_ text: Substring.UTF8View) throws(S3Error) -> String {
        if !text.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) {
            return String(Substring(text))
        }
        guard let bytes = PercentEncoding.decode(text, plusIsSpace: true),
            let string = String(validating: bytes, as: UTF8.self)
        else { throw S3Error(.invalidURI) }
        return string
    }
}
