// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// What a policy is asked: may this caller do this to this, in a request like this?
package struct PolicyRequest: Sendable {
    /// `s3:GetObject`, spelled as AWS spells it; with a versionId in the request the …Version form.
    package var action: String
    package var bucket: String
    /// Nil for an action on the bucket.
    package var key: [UInt8]?
    package var caller: AuthenticatedRequest
    package var headers: S3Headers
    package var query: S3Query
    /// Without port.
    package var sourceAddress: String
    package var isSecure: Bool
    package var now: Timestamp
    /// The bucket's owner.
    package var resourceAccount: String
    package var region: String
    /// What counts as `s3:prefix` in place of the query's: the key, when the right to list decides between 403 and 404.
    package var listedPrefix: String?
    /// The object's tags as stored, for `s3:ExistingObjectTag`.
    package var existingTags: [ObjectMetadata.Field]

    package init(
        action: String,
        bucket: String,
        key: [UInt8]?,
        caller: AuthenticatedRequest,
        headers: S3Headers,
        query: S3Query,
        sourceAddress: String,
        isSecure: Bool,
        now: Timestamp,
        resourceAccount: String,
        region: String = "us-east-1",
        listedPrefix: String? = nil,
        existingTags: [ObjectMetadata.Field] = []
    ) {
        self.action = action
        self.bucket = bucket
        self.key = key
        self.caller = caller
        self.headers = headers
        self.query = query
        self.sourceAddress = sourceAddress
        self.isSecure = isSecure
        self.now = now
        self.resourceAccount = resourceAccount
        self.region = region
        self.listedPrefix = listedPrefix
        self.existingTags = existingTags
    }

    /// The values of a condition key; nil when the request has none.
    ///
    /// - Parameter key: lower case, but for what follows a slash.
    func values(of key: String) -> [String]? {
        if key.hasPrefix("aws:") { return globalValue(String(key.dropFirst(4))).map { [$0] } }
        return serviceValues(String(key.dropFirst(3)))
    }

    private func globalValue(_ key: String) -> String? {
        switch key {
        case "sourceip": sourceAddress
        case "securetransport": isSecure ? "true" : "false"
        case "referer": headers.first("referer")
        case "useragent": headers.first("user-agent")
        case "currenttime": ISO8601.format(now)
        case "epochtime": String(now.seconds)
        case "username": userName
        case "userid": caller.credential?.account ?? "anonymous"
        case "principalarn": caller.credential?.principalARN
        case "principalaccount": caller.credential?.account
        case "principaltype": principalType
        case "requestedregion": region
        default: nil
        }
    }

    private func serviceValues(_ key: String) -> [String]? {
        switch key {
        case "prefix": (listedPrefix ?? query.first("prefix")).map { [$0] }
        case "delimiter", "max-keys": query.first(key).map { [$0] }
        case "versionid": query.first("versionId").map { [$0] }
        case "authtype": caller.isAnonymous ? nil : [caller.isPresigned ? "REST-QUERY-STRING" : "REST-HEADER"]
        case "signatureversion": caller.isAnonymous ? nil : ["AWS4-HMAC-SHA256"]
        case "signatureage": caller.signedAt.map { [String(max(0, (now.nanoseconds - $0.nanoseconds) / 1_000_000))] }
        case "resourceaccount": [resourceAccount]
        case "object-lock-mode", "object-lock-retain-until-date", "object-lock-legal-hold":
            headers.first(named: "x-amz-" + key).map { [$0] }
        case "requestobjecttagkeys": requestTags.map { $0.map(\.name) }
        case _ where key.hasPrefix("x-amz-"), "if-match", "if-none-match": headers.first(named: key).map { [$0] }
        case _ where key.hasPrefix("existingobjecttag/"): Self.tag(key, existingTags)
        case _ where key.hasPrefix("requestobjecttag/"): requestTags.flatMap { Self.tag(key, $0) }
        default: nil
        }
    }

    private static func tag(_ key: String, _ tags: [ObjectMetadata.Field]) -> [String]? {
        guard let slash = key.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let name = key[key.utf8.index(after: slash)...]
        return tags.first { $0.name == name }.map { [$0.value] }
    }

    /// `x-amz-tagging`, which is form-encoded like a query.
    private var requestTags: [ObjectMetadata.Field]? {
        guard let text = headers.first("x-amz-tagging"), let query = try? S3Query(parsing: text) else { return nil }
        return query.items.map { ObjectMetadata.Field(name: $0.name, value: $0.value ?? "") }
    }

    private var userName: String? {
        guard let arn = caller.credential?.principalARN, let mark = arn.range(ofFirst: ":user/") else { return nil }
        // A user's path comes before the name.
        return arn[mark.upperBound...].utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) }
    }

    private var principalType: String {
        guard let arn = caller.credential?.principalARN else { return "Anonymous" }
        if arn.hasSuffix(":root") { return "Account" }
        return arn.range(ofFirst: ":user/") == nil ? "AssumedRole" : "User"
    }
}

extension String {
    /// The first place of `needle`, compared as bytes.
    fileprivate func range(ofFirst needle: String) -> Range<Index>? {
        for start in utf8.indices where utf8[start...].starts(with: needle.utf8) {
            return start..<utf8.index(start, offsetBy: needle.utf8.count)
        }
        return nil
    }
}
