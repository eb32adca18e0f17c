// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// A condition key that this server knows, in the form conditions are evaluated with: lower case but for a tag's name.
struct PolicyConditionKey: Sendable, Hashable {
    let name: String

    /// Nil for a key that is not in `spec/s3.md` §8.2.
    init?(_ text: String) {
        guard text.utf8.count <= 256 else { return nil }
        if let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) {
            let family = text[..<slash].lowercased()
            let tag = text[text.utf8.index(after: slash)...]
            guard Self.families.contains(family), !tag.isEmpty else { return nil }
            name = family + "/" + tag
            return
        }
        name = text.lowercased()
        guard Self.known.contains(name) else { return nil }
    }

    private static let families: Set<String> = [
        "aws:principaltag", "aws:requesttag", "aws:resourcetag", "s3:existingobjecttag", "s3:requestobjecttag",
        "s3:buckettag",
    ]

    private static let known: Set<String> = [
        "aws:sourceip", "aws:securetransport", "aws:referer", "aws:useragent", "aws:currenttime", "aws:epochtime",
        "aws:tokenissuetime", "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:username", "aws:userid",
        "aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:tagkeys", "aws:sourcearn",
        "aws:sourceaccount", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:requestedregion",
        "aws:principalorgid", "s3:prefix", "s3:delimiter", "s3:max-keys", "s3:versionid", "s3:authtype",
        "s3:signatureage", "s3:signatureversion", "s3:tlsversion", "s3:resourceaccount", "s3:locationconstraint",
        "s3:x-amz-acl", "s3:x-amz-grant-read", "s3:x-amz-grant-write", "s3:x-amz-grant-read-acp",
        "s3:x-amz-grant-write-acp", "s3:x-amz-grant-full-control", "s3:x-amz-copy-source",
        "s3:x-amz-metadata-directive", "s3:x-amz-content-sha256", "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-server-side-encryption-customer-algorithm",
        "s3:x-amz-storage-class", "s3:x-amz-website-redirect-location", "s3:x-amz-object-ownership",
        "s3:requestobjecttagkeys", "s3:object-lock-mode", "s3:object-lock-retain-until-date",
        "s3:object-lock-remaining-retention-days", "s3:object-lock-legal-hold", "s3:if-match", "s3:if-none-match",
        "s3:objectcreationoperation", "s3:inventoryaccessibleoptionalfields", "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount", "s3:accesspointnetworkorigin", "s3:accessgrantsinstancearn",
    ]
}

/// An address range such as `203.0.113.0/24` or `2001:db8::/32`.
struct IPNetwork: Sendable, Hashable {
    /// 4 or 16.
    private let bytes: [UInt8]
    private let prefixBitCount: Int

    /// Without `/n` the address alone. Nil for what is no address or has too long a prefix.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let bytes = Self.address(Substring(first)) else { return nil }
        self.bytes = bytes
        guard parts.count == 2 else {
            prefixBitCount = bytes.count * 8
            return
        }
        guard let count = Int(Substring(parts[1])), (0...bytes.count * 8).contains(count) else { return nil }
        prefixBitCount = count
    }

    /// - Parameter address: 4 or 16 bytes; an IPv4 address mapped into IPv6 counts as IPv4.
    func contains(_ address: [UInt8]) -> Bool {
        guard address.count == bytes.count else { return false }
        let whole = prefixBitCount / 8
        guard address[..<whole] == bytes[..<whole] else { return false }
        let rest = prefixBitCount % 8
        guard rest > 0 else { return true }
        return (address[whole] ^ bytes[whole]) >> UInt8(8 - rest) == 0
    }

    /// 4 or 16 bytes; nil for anything else.
    static func address(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count <= 64 else { return nil }
        guard text.utf8.contains(UInt8(ascii: ":")) else { return version4(text) }
        // A zone says on which link the address is, not which it is.
        let bare = text.utf8.firstIndex(of: UInt8(ascii: "%")).map { text[..<$0] } ?? text
        guard let bytes = version6(bare) else { return nil }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? Array(bytes[12...]) : bytes
    }

    private static func version4(_ text: Substring) -> [UInt8]? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (48...57).contains($0) }),
                let value = UInt8(Substring(part))
            else { return nil }
            bytes.append(value)
        }
        return bytes
    }

    private static func version6(_ text: Substring) -> [UInt8]? {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        guard (3...9).contains(parts.count) else { return nil }
        var head: [UInt8] = []
        var tail: [UInt8]?
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                // `::` is one empty group inside; at either end it leaves a second one.
                let isEdge = index == 0 && parts[1].isEmpty || index == parts.count - 1 && parts[index - 1].isEmpty
                if isEdge { continue }
                guard tail == nil, index > 0, index < parts.count - 1 else { return nil }
                tail = []
                continue
            }
            guard let group = group(part, isLast: index == parts.count - 1) else { return nil }
            if tail == nil { head += group } else { tail?.append(contentsOf: group) }
        }
        guard let tail else { return head.count == 16 ? head : nil }
        let gap = 16 - head.count - tail.count
        guard gap >= 2 else { return nil }
        return head + [UInt8](repeating: 0, count: gap) + tail
    }

    private static func group(_ text: Substring, isLast: Bool) -> [UInt8]? {
        if isLast, text.utf8.contains(UInt8(ascii: ".")) { return version4(text) }
        guard text.utf8.count <= 4, text.utf8.first != UInt8(ascii: "+"), let value = UInt16(text, radix: 16) else {
            return nil
        }
        return [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }
}
