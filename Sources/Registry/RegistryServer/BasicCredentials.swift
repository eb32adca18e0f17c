// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// The users who may log in: access keys with their secrets (`spec/registry.md` §3.1).
package struct BasicCredentials: Sendable {
    private let pairs: [(user: [UInt8], password: [UInt8])]

    /// - Parameter pairs: access key and secret.
    package init(_ pairs: [(user: String, password: String)]) {
        self.pairs = pairs.map { (Array($0.user.utf8), Array($0.password.utf8)) }
    }

    /// The user whom an `Authorization` header proves, or nil.
    ///
    /// Takes the same time for a wrong user and a wrong password, whatever their lengths share.
    func user(_ authorization: String?) -> String? {
        guard let authorization, authorization.utf8.count <= 4_096 else { return nil }
        let halves = authorization.split(separator: " ", maxSplits: 1)
        guard halves.count == 2, halves[0].lowercased() == "basic",
            let decoded = Base64.decode(String(halves[1])),
            let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        let user = decoded[..<colon]
        let password = decoded[(colon + 1)...]
        var found: String?
        for pair in pairs {
            let isUser = Self.isEqual(pair.user, user)
            let isPassword = Self.isEqual(pair.password, password)
            if isUser & isPassword == 1 { found = String(decoding: pair.user, as: UTF8.self) }
        }
        return found
    }

    /// 1 or 0. Looks at every byte that was given, so that the time tells nothing about the secret.
    private static func isEqual(_ secret: [UInt8], _ given: ArraySlice<UInt8>) -> UInt8 {
        var difference = secret.count ^ given.count
        for (index, byte) in given.enumerated() {
            let other = secret.isEmpty ? ~byte : secret[index % secret.count]
            difference |= Int(byte ^ other)
        }
        return difference == 0 ? 1 : 0
    }
}
