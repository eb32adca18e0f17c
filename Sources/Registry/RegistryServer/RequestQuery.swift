// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import StorageTypes

/// The parameters of a request, decoded once; unknown ones mean nothing.
struct RequestQuery {
    private var parameters: [(name: String, value: String)] = []

    /// What can't be decoded is left as it came: a parameter that matters will be refused for what it says.
    init(_ rawQuery: String?) {
        guard let rawQuery, !rawQuery.isEmpty else { return }
        for pair in rawQuery.utf8.split(separator: UInt8(ascii: "&")) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            parameters.append((Self.decode(halves[0]), halves.count > 1 ? Self.decode(halves[1]) : ""))
        }
    }

    func first(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }

    /// A count as paging asks for it; nil when absent. - Throws: `unsupported` with 400 for anything but digits.
    func count(_ name: String, atMost limit: Int) throws(RegistryError) -> Int? {
        guard let text = first(name) else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw RegistryError(.unsupported, "\(name) is not a number of entries", detail: text, status: 400)
        }
        return min(Int(text) ?? limit, limit)
    }

    private static func decode(_ text: some Collection<UInt8>) -> String {
        String(decoding: PercentEncoding.decode(text, plusIsSpace: true) ?? Array(text), as: UTF8.self)
    }
}
