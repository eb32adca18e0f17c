// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

@Suite struct PolicyEvaluationTests {
    private static let user = Credential(
        accessKey: "K",
        secretKey: "S",
        account: "123456789012",
        principalARN: "arn:aws:iam::123456789012:user/team/anna"
    )

    /// Authenticated for real, because nothing else can make such a value.
    private func caller(_ credential: Credential?) throws -> AuthenticatedRequest {
        guard let credential else {
            return try TestSigner.verifier().authenticate(TestSigner.input("GET", "/b/k", nil, [("host", "h")]))
        }
        let signer = TestSigner(accessKey: credential.accessKey, secretKey: credential.secretKey)
        return try TestSigner.verifier([credential]).authenticate(signer.request())
    }

    private func decide(
        _ statements: String...,
        action: String = "s3:GetObject",
        key: String? = "dir/key",
        credential: Credential? = user,
        headers: [(String, String)] = [],
        query: String? = nil,
        address: String = "10.1.2.3",
        isSecure: Bool = true,
        tags: [ObjectMetadata.Field] = []
    ) throws -> BucketPolicy.Decision {
        let text = "{\"Version\":\"2012-10-17\",\"Statement\":[" + statements.joined(separator: ",") + "]}"
        let policy = try BucketPolicy(parsing: text, bucket: BucketName("bucket"))
        return policy.evaluate(
            PolicyRequest(
                action: action,
                bucket: "bucket",
                key: key.map { Array($0.utf8) },
                caller: try caller(credential),
                headers: S3Headers(headers),
                query: try S3Query(parsing: query),
                sourceAddress: address,
                isSecure: isSecure,
                now: TestSigner.now,
                resourceAccount: "123456789012",
                existingTags: tags,
            )
        )
    }

    private static func allow(
        principal: String = "\"*\"",
        action: String = "s3:GetObject",
        resource: String = "arn:aws:s3:::bucket/*",
        condition: String = "{}"
    ) -> String {
        "{\"Effect\":\"Allow\",\"Principal\":\(principal),\"Action\":\"\(action)\",\"Resource\":\"\(resource)\","
            + "\"Condition\":\(condition)}"
    }

    private static let deny =
        "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::bucket/dir/*\"}"

    @Test func `a deny beats an allow in either order`() throws {
        #expect(try decide(Self.allow()) == .allow)
        #expect(try decide(Self.allow(), Self.deny) == .deny)
        #expect(try decide(Self.deny, Self.allow()) == .deny)
        #expect(try decide(Self.deny, Self.allow(), key: "other") == .allow)
        #expect(try decide(Self.deny, key: "other") == .none)
    }

    @Test(arguments: [
        ("\"*\"", true, true), ("{\"AWS\":\"*\"}", true, true), ("{\"AWS\":\"123456789012\"}", true, false),
        ("{\"AWS\":\"arn:aws:iam::123456789012:root\"}", true, false), ("{\"AWS\":\"999\"}", false, false),
        ("{\"AWS\":\"arn:aws:iam::123456789012:user/team/anna\"}", true, false),
        ("{\"AWS\":\"arn:aws:iam::123456789012:user/anna\"}", false, false),
        ("{\"CanonicalUser\":\"123456789012\"}", true, false), ("{\"Service\":\"x.amazonaws.com\"}", false, false),
    ])
    func `a principal fits`(_ principal: String, _ user: Bool, _ anonymous: Bool) throws {
        #expect(try decide(Self.allow(principal: principal)) == (user ? .allow : .none))
        #expect(try decide(Self.allow(principal: principal), credential: nil) == (anonymous ? .allow : .none))
    }

    @Test(arguments: [
        ("s3:GetObject", "s3:GetObject", true), ("s3:GetObject", "s3:GetObjectVersion", false),
        ("s3:GetObject*", "s3:GetObjectVersion", true), ("s3:*", "s3:PutObject", true), ("*", "s3:PutObject", true),
        ("s3:?etObject", "s3:GetObject", true), ("s3:getobject", "s3:GetObject", true),
        ("s3:Put*", "s3:GetObject", false),
        ("s3:*", "s3:SomethingNew", true), ("s3:Get*", "s3:GetSomethingNew", false),
    ])
    func `an action fits`(_ pattern: String, _ action: String, _ fits: Bool) throws {
        #expect(try decide(Self.allow(action: pattern), action: action) == (fits ? .allow : .none))
    }

    @Test(arguments: [
        ("bucket/*", "a/b", true), ("bucket/a*b", "aXXb", true), ("bucket/a*b", "aXXc", false),
        ("bucket/a?", "ab", true),
        ("bucket/a?", "a", false), ("bucket/a", "A", false), ("bucket/a", "ab", false), ("bucket/*a*b*", "xaxbx", true),
        ("bucket/*a*b*", "xbxa", false), ("*", "a", true), ("bucket/${aws:username}/*", "anna/x", true),
        ("bucket/${aws:username}/*", "bert/x", false), ("bucket/${*}", "*", true), ("bucket/${*}", "x", false),
        ("bucket/${aws:Referer, 'none'}", "none", true), ("bucket/${aws:Referer}", "", false),
    ])
    func `a resource fits`(_ pattern: String, _ key: String, _ fits: Bool) throws {
        #expect(try decide(Self.allow(resource: "arn:aws:s3:::" + pattern), key: key) == (fits ? .allow : .none))
    }

    @Test func `a bucket action needs the bucket itself`() throws {
        let list = Self.allow(action: "s3:ListBucket", resource: "arn:aws:s3:::bucket")
        #expect(try decide(list, action: "s3:ListBucket", key: nil) == .allow)
        #expect(try decide(Self.allow(action: "s3:*"), action: "s3:ListBucket", key: nil) == .none)
    }

    @Test func `negated elements fit what they don't name`() throws {
        let notAction =
            "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"NotAction\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::bucket/*\"}"
        #expect(try decide(notAction) == .none)
        #expect(try decide(notAction, action: "s3:PutObject") == .deny)
        let notResource =
            "{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"NotResource\":\"arn:aws:s3:::bucket/dir/*\"}"
        #expect(try decide(notResource) == .none)
        #expect(try decide(notResource, key: "other") == .deny)
        let notPrincipal =
            "{\"Effect\":\"Deny\",\"NotPrincipal\":{\"AWS\":\"123456789012\"},\"Action\":\"s3:*\","
            + "\"Resource\":\"arn:aws:s3:::bucket/*\"}"
        #expect(try decide(notPrincipal) == .none)
        #expect(try decide(notPrincipal, credential: nil) == .deny)
    }

    /// Asked from 10.1.2.3 over TLS with prefix=photos/a, max-keys=50, x-amz-acl private, tag k=v; no delimiter.
    @Test(arguments: [
        ("StringEquals", "s3:prefix", "\"photos/a\"", true), ("StringEquals", "s3:prefix", "\"photos/*\"", false),
        ("StringEquals", "s3:prefix", "[\"x\",\"photos/a\"]", true), ("StringNotEquals", "s3:prefix", "\"x\"", true),
        ("StringNotEquals", "s3:prefix", "[\"x\",\"photos/a\"]", false),
        ("StringLike", "s3:prefix", "\"photos/*\"", true),
        ("StringNotLike", "s3:prefix", "\"photos/*\"", false),
        ("StringEqualsIgnoreCase", "s3:prefix", "\"PHOTOS/A\"", true),
        ("StringNotEqualsIgnoreCase", "s3:prefix", "\"PHOTOS/A\"", false),
        ("StringEquals", "S3:PREFIX", "\"photos/a\"", true),
        ("StringEquals", "s3:delimiter", "\"/\"", false), ("StringNotEquals", "s3:delimiter", "\"/\"", true),
        ("StringEqualsIfExists", "s3:delimiter", "\"/\"", true), ("StringEqualsIfExists", "s3:prefix", "\"x\"", false),
        ("NumericEquals", "s3:max-keys", "50", true), ("NumericLessThan", "s3:max-keys", "\"50\"", false),
        ("NumericLessThanEquals", "s3:max-keys", "50", true), ("NumericGreaterThan", "s3:max-keys", "49.5", true),
        ("NumericGreaterThanEquals", "s3:max-keys", "51", false), ("NumericNotEquals", "s3:max-keys", "50", false),
        ("DateLessThan", "aws:CurrentTime", "\"2013-05-25T00:00:00Z\"", true),
        ("DateGreaterThan", "aws:CurrentTime", "\"2013-05-25\"", false),
        ("DateEquals", "aws:EpochTime", "\"1369353600\"", true), ("Bool", "aws:SecureTransport", "true", true),
        ("Bool", "aws:SecureTransport", "\"false\"", false), ("IpAddress", "aws:SourceIp", "\"10.0.0.0/8\"", true),
        ("IpAddress", "aws:SourceIp", "\"10.1.2.3\"", true), ("IpAddress", "aws:SourceIp", "\"10.1.2.4/31\"", false),
        ("IpAddress", "aws:SourceIp", "[\"::/0\"]", false), ("NotIpAddress", "aws:SourceIp", "\"10.0.0.0/9\"", false),
        ("IpAddress", "aws:SourceIp", "\"0.0.0.0/0\"", true),
        ("ArnLike", "aws:PrincipalArn", "\"arn:aws:iam::*:user/*\"", true),
        ("ArnNotLike", "aws:PrincipalArn", "\"arn:aws:iam::*:user/*\"", false),
        ("ArnEquals", "aws:PrincipalArn", "\"arn:aws:iam::1:user/*\"", false),
        ("Null", "s3:delimiter", "true", true), ("Null", "s3:prefix", "\"true\"", false),
        ("Null", "s3:prefix", "false", true),
        ("StringEquals", "s3:x-amz-acl", "\"private\"", true),
        ("StringEquals", "s3:ExistingObjectTag/k", "\"v\"", true),
        ("StringEquals", "s3:ExistingObjectTag/K", "\"v\"", false),
        ("StringEquals", "s3:RequestObjectTag/a", "\"b c\"", true),
        ("ForAllValues:StringEquals", "s3:RequestObjectTagKeys", "[\"a\",\"d\",\"e\"]", true),
        ("ForAllValues:StringEquals", "s3:RequestObjectTagKeys", "[\"a\"]", false),
        ("ForAnyValue:StringEquals", "s3:RequestObjectTagKeys", "[\"d\",\"x\"]", true),
        ("ForAllValues:StringEquals", "s3:delimiter", "\"/\"", true),
        ("ForAnyValue:StringEquals", "s3:delimiter", "\"/\"", false),
        ("StringEquals", "aws:username", "\"anna\"", true), ("StringEquals", "aws:PrincipalType", "\"User\"", true),
        ("StringEquals", "s3:authType", "\"REST-HEADER\"", true), ("NumericLessThan", "s3:signatureAge", "1", true),
    ])
    func `a condition holds`(_ name: String, _ key: String, _ values: String, _ holds: Bool) throws {
        let decision = try decide(
            Self.allow(condition: "{\"\(name)\":{\"\(key)\":\(values)}}"),
            headers: [("x-amz-acl", "private"), ("x-amz-tagging", "a=b+c&d=e")],
            query: "prefix=photos/a&max-keys=50",
            tags: [ObjectMetadata.Field(name: "k", value: "v")],
        )
        #expect(decision == (holds ? .allow : .none))
    }

    @Test(arguments: [
        ("2001:db8::/32", "2001:db8:1::5", true), ("2001:db8::/33", "2001:db8:8000::1", false), ("::1", "::1", true),
        ("10.0.0.0/8", "::ffff:10.9.9.9", true), ("fe80::/10", "fe80::1%eth0", true), ("::/0", "1.2.3.4", false),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", true), ("::/128", "::1", false), ("10.0.0.0/8", "unknown", false),
    ])
    func `an address lies in a network`(_ network: String, _ address: String, _ inside: Bool) throws {
        let condition = "{\"IpAddress\":{\"aws:SourceIp\":\"\(network)\"}}"
        #expect(try decide(Self.allow(condition: condition), address: address) == (inside ? .allow : .none))
    }

    @Test func `all conditions must hold`() throws {
        let condition = "{\"Bool\":{\"aws:SecureTransport\":true},\"StringEquals\":{\"s3:prefix\":\"a\"}}"
        #expect(try decide(Self.allow(condition: condition), query: "prefix=a") == .allow)
        #expect(try decide(Self.allow(condition: condition), query: "prefix=a", isSecure: false) == .none)
        #expect(try decide(Self.allow(condition: condition), query: "prefix=b") == .none)
    }
}
