// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

/// What §8.2 refuses, one change to a good policy at a time.
@Suite struct PolicyValidityTests {
    private func parse(_ text: String) throws -> BucketPolicy {
        try BucketPolicy(parsing: text, bucket: BucketName("bucket"))
    }

    private static func statement(
        effect: String = "\"Effect\":\"Allow\"",
        principal: String = "\"Principal\":\"*\"",
        action: String = "\"Action\":\"s3:GetObject\"",
        resource: String = "\"Resource\":\"arn:aws:s3:::bucket/*\"",
        more: String? = nil
    ) -> String {
        "{" + [effect, principal, action, resource, more ?? ""].filter { !$0.isEmpty }.joined(separator: ",") + "}"
    }

    private static func policy(_ statement: String, version: String = "\"2012-10-17\"") -> String {
        "{\"Version\":\(version),\"Statement\":[\(statement)]}"
    }

    @Test(arguments: [
        policy(statement()), policy(statement(), version: "\"2008-10-17\""), "{\"Statement\":\(statement())}",
        "{\"Id\":\"x\",\"Statement\":[\(statement()),\(statement())]}",
        policy(statement(principal: "\"Principal\":{\"AWS\":\"*\"}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":\"123456789012\"}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":[\"arn:aws:iam::123456789012:root\"]}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":\"arn:aws:iam::1:user/a/b\"}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":\"arn:aws:iam::1:role/r\"}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":\"arn:aws:sts::1:assumed-role/r/s\"}")),
        policy(
            statement(principal: "\"Principal\":{\"CanonicalUser\":\"abc\",\"Service\":\"logging.s3.amazonaws.com\"}")
        ),
        policy(statement(effect: "\"Effect\":\"Deny\"", principal: "\"NotPrincipal\":{\"AWS\":\"1\"}")),
        policy(statement(action: "\"Action\":[\"s3:*\"]")), policy(statement(action: "\"Action\":\"S3:getobject\"")),
        policy(statement(action: "\"Action\":\"s3:Get*\"")),
        policy(statement(action: "\"NotAction\":\"s3:GetObject\"")),
        policy(statement(action: "\"Action\":\"s3:ListBucket\"", resource: "\"Resource\":\"arn:aws:s3:::bucket\"")),
        policy(statement(resource: "\"Resource\":\"arn:aws:s3:::*\"")),
        policy(statement(resource: "\"NotResource\":[\"arn:aws:s3:::bucket/private/*\"]")),
        policy(statement(resource: "\"Resource\":\"arn:aws:s3:::bucket/${aws:username}/*\"")),
        policy(statement(more: "\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"::1\"]}}")),
        policy(statement(more: "\"Condition\":{\"ForAllValues:StringLikeIfExists\":{\"s3:prefix\":\"a*\"}}")),
        policy(statement(more: "\"Condition\":{}")),
    ])
    func `a good policy is taken`(_ text: String) {
        #expect(throws: Never.self) { try parse(text) }
    }

    @Test(arguments: [
        "", "x", " {}", "[]", "null", "{}", "{\"Statement\":[]}", "{\"Statement\":\"x\"}", "{\"Statement\":[1]}",
        policy(statement()) + "x", String(policy(statement()).dropLast()),
        policy(statement(), version: "\"2020-01-01\""),
        policy(statement(), version: "1"), "{\"Extra\":1,\"Statement\":\(statement())}",
        "{\"Id\":1,\"Statement\":\(statement())}", "{\"statement\":\(statement())}",
        "{\"Statement\":\(statement()),\"Statement\":\(statement())}",
        policy(statement(more: "\"Extra\":1")), policy(statement(effect: "")),
        policy(statement(effect: "\"Effect\":\"allow\"")), policy(statement(effect: "\"Effect\":1")),
        policy(statement(principal: "")), policy(statement(principal: "\"Principal\":\"x\"")),
        policy(statement(principal: "\"Principal\":{}")), policy(statement(principal: "\"Principal\":{\"AWS\":[]}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":1}")),
        policy(statement(principal: "\"Principal\":{\"Unknown\":\"x\"}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":\"not an id!\"}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":\"arn:aws:iam::1:user/*\"}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":\"arn:aws:iam::1:group/g\"}")),
        policy(statement(principal: "\"Principal\":{\"AWS\":\"arn:aws:iam::1:user/\"}")),
        policy(statement(principal: "\"NotPrincipal\":{\"AWS\":\"1\"}")),
        policy(statement(principal: "\"Principal\":\"*\",\"NotPrincipal\":\"*\"")),
        policy(statement(action: "")), policy(statement(action: "\"Action\":[]")),
        policy(statement(action: "\"Action\":\"ec2:*\"")), policy(statement(action: "\"Action\":\"s3:NoSuchThing\"")),
        policy(statement(action: "\"Action\":\"GetObject\"")), policy(statement(action: "\"Action\":[1]")),
        policy(statement(action: "\"Action\":\"s3:*\",\"NotAction\":\"s3:*\"")),
        policy(statement(resource: "")), policy(statement(resource: "\"Resource\":[]")),
        policy(statement(resource: "\"Resource\":\"*\"")),
        policy(statement(resource: "\"Resource\":\"arn:aws:s3:::other/*\"")),
        policy(statement(resource: "\"Resource\":\"arn:aws:s3:::\"")),
        policy(statement(resource: "\"Resource\":\"arn:aws:s3:::bucket\"")),
        policy(statement(action: "\"Action\":\"s3:ListBucket\"")),
        policy(statement(resource: "\"Resource\":\"arn:aws:s3:::bucket/${nonsense}\"")),
        policy(statement(resource: "\"Resource\":\"arn:aws:s3:::bucket/${aws:username\"")),
        policy(statement(more: "\"Condition\":1")), policy(statement(more: "\"Condition\":{\"StringEquals\":{}}")),
        policy(statement(more: "\"Condition\":{\"Unknown\":{\"s3:prefix\":\"a\"}}")),
        policy(statement(more: "\"Condition\":{\"StringEquals\":{\"s3:unknown\":\"a\"}}")),
        policy(statement(more: "\"Condition\":{\"StringEquals\":{\"s3:prefix\":[]}}")),
        policy(statement(more: "\"Condition\":{\"StringEquals\":{\"s3:prefix\":null}}")),
        policy(statement(more: "\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/33\"}}")),
        policy(statement(more: "\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":\"::g\"}}")),
        policy(statement(more: "\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":\":::\"}}")),
        policy(statement(more: "\"Condition\":{\"NumericEquals\":{\"s3:max-keys\":\"x\"}}")),
        policy(statement(more: "\"Condition\":{\"NumericEquals\":{\"s3:max-keys\":\"nan\"}}")),
        policy(statement(more: "\"Condition\":{\"DateLessThan\":{\"aws:CurrentTime\":\"x\"}}")),
        policy(statement(more: "\"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"maybe\"}}")),
        policy(statement(more: "\"Condition\":{\"NullIfExists\":{\"s3:prefix\":\"true\"}}")),
        policy(statement(more: "\"Sid\":\"a\"") + "," + statement(more: "\"Sid\":\"a\"")),
        policy(statement(more: "\"Sid\":1")),
    ])
    func `a bad policy is malformed`(_ text: String) {
        #expect(throws: S3Error(.malformedPolicy)) { try parse(text) }
    }

    @Test func `a policy above 20 KiB is too large`() throws {
        let text = Self.policy(Self.statement())
        let padding = String(repeating: " ", count: BucketPolicy.byteCountMax - text.utf8.count)
        _ = try parse(text + padding)
        #expect(throws: S3Error(.policyTooLarge)) { try parse(text + padding + " ") }
    }

    @Test func `random changes are taken or refused without harm`() {
        var random = SeededGenerator(seed: 8)
        let more = "\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":\"2001:db8::/32\"}}"
        let good = Array(Self.policy(Self.statement(more: more)).utf8)
        for _ in 0..<5_000 {
            let bytes = random.mutated(good, alphabet: Array("{}[]\":,*$./".utf8))
            _ = try? parse(String(decoding: bytes, as: UTF8.self))
        }
        #expect(throws: Never.self) { try parse(String(decoding: good, as: UTF8.self)) }
    }
}
