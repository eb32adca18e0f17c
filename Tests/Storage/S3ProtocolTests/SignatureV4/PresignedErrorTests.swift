// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

/// Presigned requests: the rules behind the table of §2.2.
@Suite struct PresignedErrorTests {
    private func error(
        _ input: RequestSignatureInput,
        _ verifier: SignatureV4 = TestSigner.verifier()
    ) -> S3Error? {
        do {
            _ = try verifier.authenticate(input)
            return nil
        } catch {
            return error
        }
    }

    private static let required = [
        "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature",
    ]

    @Test func `a presigned request passes`() throws {
        #expect(error(try TestSigner().presigned()) == nil)
    }

    @Test(arguments: required) func `a parameter that is missing or blank is refused`(_ name: String) throws {
        let missing = error(try TestSigner().presigned(replacing: [name: nil]))
        #expect(missing?.code == .authorizationQueryParametersError)
        let blank = error(try TestSigner().presigned(replacing: [name: ""]))
        #expect(blank?.code == .authorizationQueryParametersError)
    }

    @Test(arguments: [
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA512"), ("X-Amz-Date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("X-Amz-Date", "20130525T000000Z"), ("X-Amz-Date", "20130524T250000Z"), ("X-Amz-Expires", "soon"),
        ("X-Amz-Expires", "0"), ("X-Amz-Expires", "-1"), ("X-Amz-Expires", "604801"), ("X-Amz-Expires", "1.5"),
        ("X-Amz-Expires", "99999999999999999999"), ("X-Amz-SignedHeaders", ";"), ("X-Amz-Credential", "AKIA"),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/ec2/aws4_request"),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws3_request"),
        ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20130523/us-east-1/s3/aws4_request"),
    ])
    func `a parameter that is wrong is refused`(_ name: String, _ value: String) throws {
        let refusal = error(try TestSigner().presigned(replacing: [name: value]))
        #expect(refusal?.code == .authorizationQueryParametersError)
    }

    @Test func `the elliptic-curve algorithm is not implemented`() throws {
        let input = try TestSigner().presigned(replacing: ["X-Amz-Algorithm": "AWS4-ECDSA-P256-SHA256"])
        #expect(error(input)?.code == .notImplemented)
    }

    @Test(arguments: ["1", "604800"]) func `the shortest and the longest life pass`(_ expires: String) throws {
        #expect(error(try TestSigner().presigned(expires: expires)) == nil)
    }

    @Test func `a request past its life is denied and told why`() throws {
        let last = try TestSigner().presigned(expires: "60", now: TestSigner.now.advanced(bySeconds: 60))
        #expect(error(last) == nil)
        let late = error(try TestSigner().presigned(expires: "60", now: TestSigner.now.advanced(bySeconds: 61)))
        #expect(late?.code == .accessDenied)
        #expect(late?.extra("X-Amz-Expires") == "60")
        #expect(late?.extra("Expires") == "2013-05-24T00:01:00.000Z")
        #expect(late?.extra("ServerTime") == "2013-05-24T00:01:01.000Z")
    }

    @Test func `a request from the future is denied`() throws {
        let near = try TestSigner().presigned(now: TestSigner.now.advanced(bySeconds: -900))
        #expect(error(near) == nil)
        let far = try TestSigner().presigned(now: TestSigner.now.advanced(bySeconds: -901))
        #expect(error(far)?.code == .accessDenied)
    }

    @Test func `a signature that is wrong is told so`() throws {
        let input = try TestSigner().presigned(replacing: ["X-Amz-Signature": String(repeating: "a", count: 64)])
        #expect(error(input)?.code == .signatureDoesNotMatch)
    }

    @Test func `an unknown key is told so`() throws {
        #expect(error(try TestSigner(accessKey: "NOBODY").presigned())?.code == .invalidAccessKeyId)
    }

    @Test func `a header in the signature must be sent and be the same`() throws {
        var input = try TestSigner().presigned(headers: [("x-amz-acl", "private")])
        #expect(error(input) == nil)
        input.headers = S3Headers([("host", "localhost"), ("x-amz-acl", "public-read")])
        #expect(error(input)?.code == .signatureDoesNotMatch)
        input.headers = S3Headers([("host", "localhost")])
        #expect(error(input)?.code == .signatureDoesNotMatch)
    }

    @Test func `an amazon header that was not signed is denied`() throws {
        var input = try TestSigner().presigned()
        input.headers.append("x-amz-acl", "public-read")
        let refusal = error(input)
        #expect(refusal?.code == .accessDenied)
        #expect(refusal?.extra("HeadersNotSigned") == "x-amz-acl")
    }

    @Test func `a hash in the query is part of the signature`() throws {
        let hash = TestSigner.emptyHash
        let input = try TestSigner().presigned(payload: hash, replacing: ["X-Amz-Content-Sha256": hash])
        let request = try TestSigner.verifier().authenticate(input)
        #expect(request.payload.sha256?.hex == hash)
    }

    @Test func `a second version of presigning is not supported`() throws {
        let input = try TestSigner.input(
            "GET",
            "/bucket/key",
            "AWSAccessKeyId=AKIA&Signature=c2ln&Expires=1369353700",
            [("host", "localhost")],
        )
        #expect(error(input)?.code == .invalidRequest)
    }

    @Test func `hoisted parameters act like headers but never replace one`() throws {
        var headers = S3Headers([("host", "localhost"), ("x-amz-meta-a", "header")])
        let query = try S3Query(
            parsing: "X-Amz-Signature=1&X-Amz-Date=2&x-amz-acl=private&X-Amz-Meta-A=query&prefix=p&x-amz-meta-b"
        )
        headers.appendHoisted(from: query)
        #expect(headers.first("x-amz-acl") == "private")
        #expect(headers.first("x-amz-meta-a") == "header")
        #expect(headers.first("x-amz-meta-b")?.isEmpty == true)
        #expect(!headers.has("x-amz-signature"))
        #expect(!headers.has("x-amz-date"))
        #expect(!headers.has("prefix"))
    }
}
