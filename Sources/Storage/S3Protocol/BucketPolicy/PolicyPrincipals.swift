// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// Whom a statement is about.
struct PolicyPrincipals: Sendable {
    private enum Entry: Sendable {
        /// Everybody in the account.
        case account(String)
        case arn(String)
        case canonicalUser(String)
        /// Services and federated users: nobody here is one.
        case nobody
    }

    private var isEverybody = false
    private var entries: [Entry] = []

    /// Reads the value of Principal or NotPrincipal; nil for what names nobody that could exist.
    init?(_ value: JSONValue) {
        if let text = value.string {
            guard text == "*" else { return nil }
            isEverybody = true
            return
        }
        guard let object = value.object, !object.isEmpty else { return nil }
        for member in object.members {
            guard let texts = PolicyDocument.strings(member.value), !texts.isEmpty else { return nil }
            for text in texts {
                switch member.name {
                case "AWS": guard add(aws: text) else { return nil }
                case "CanonicalUser":
                    guard !text.isEmpty, text.utf8.count <= 128 else { return nil }
                    entries.append(.canonicalUser(text))
                case "Service", "Federated":
                    guard !text.isEmpty else { return nil }
                    entries.append(.nobody)
                default: return nil
                }
            }
        }
    }

    private mutating func add(aws text: String) -> Bool {
        if text == "*" {
            isEverybody = true
            return true
        }
        guard text.hasPrefix("arn:") else {
            guard Self.isIdentifier(text[...]) else { return false }
            entries.append(.account(text))
            return true
        }
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 5, omittingEmptySubsequences: false)
            .map { Substring($0) }
        guard parts.count == 6, parts[1].hasPrefix("aws"), parts[3].isEmpty, Self.isIdentifier(parts[4]),
            !text.utf8.contains(UInt8(ascii: "*")), !text.utf8.contains(UInt8(ascii: "?"))
        else { return false }
        switch parts[2] {
        case "iam" where parts[5] == "root":
            entries.append(.account(String(parts[4])))
        case "iam" where ["user/", "role/"].contains { parts[5].hasPrefix($0) && parts[5].utf8.count > 5 },
            "sts" where parts[5].hasPrefix("assumed-role/") || parts[5].hasPrefix("federated-user/"):
            entries.append(.arn(text))
        default: return false
        }
        return true
    }

    private static func isIdentifier(_ text: Substring) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0 | 0x20) || $0 == 45 || $0 == 95 }
    }

    func contains(_ credential: Credential?) -> Bool {
        if isEverybody { return true }
        guard let credential else { return false }
        return entries.contains { entry in
            switch entry {
            case .account(let account): credential.account == account
            case .arn(let arn): credential.principalARN == arn
            case .canonicalUser(let id): credential.account == id
            case .nobody: false
            }
        }
    }
}
