// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

/// Every way a signature in the Authorization header can be wrong (§2.1, §2.2).
@Suite struct HeaderSignatureErrorTests {
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

    /// A request whose only credentials are this header.
    private func error(authorization: String) throws -> S3Error? {
        error(
            try TestSigner.input(
                "GET",
                "/bucket/key",
                nil,
                [
                    ("host", "localhost"), ("x-amz-date", TestSigner.date),
                    ("x-amz-content-sha256", TestSigner.emptyHash), ("authorization", authorization),
                ],
            )
        )
    }

    @Test func `a well signed request passes`() throws {
        #expect(error(try TestSigner().request()) == nil)
    }

    private static let credential = "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
    private static let signature = "Signature=" + String(repeating: "0", count: 64)
    private static let signedHeaders = "SignedHeaders=host;x-amz-content-sha256;x-amz-date"

    @Test(arguments: [
        ("", S3ErrorCode.accessDenied),
        ("AWS HAHAHA", .invalidArgument),
        ("garbage", .invalidArgument),
        ("AWS AKIA:c2lnbmF0dXJl", .invalidRequest),
        ("Bearer token", .invalidArgument),
        ("Basic dXNlcjpwYXNz", .invalidArgument),
        ("AWS4-HMAC-SHA512 \(credential), \(signedHeaders), \(signature)", .invalidArgument),
        ("AWS4-ECDSA-P256-SHA256 \(credential), \(signedHeaders), \(signature)", .notImplemented),
        ("AWS4-HMAC-SHA256 \(signedHeaders), \(signature)", .authorizationHeaderMalformed),
        ("AWS4-HMAC-SHA256 \(credential), \(signature)", .authorizationHeaderMalformed),
        ("AWS4-HMAC-SHA256 \(credential), \(signedHeaders)", .authorizationHeaderMalformed),
        ("AWS4-HMAC-SHA256 Credential=, \(signedHeaders), \(signature)", .authorizationHeaderMalformed),
        ("AWS4-HMAC-SHA256 \(credential), SignedHeaders=, \(signature)", .authorizationHeaderMalformed),
        ("AWS4-HMAC-SHA256 \(credential), SignedHeaders=;host, \(signature)", .authorizationHeaderMalformed),
        ("AWS4-HMAC-SHA256 \(credential), \(signedHeaders), Signature=", .authorizationHeaderMalformed),
        ("AWS4-HMAC-SHA256 \(credential), \(signedHeaders), Signature=zz", .signatureDoesNotMatch),
        ("AWS4-HMAC-SHA256 \(credential), \(signedHeaders), \(signature)0", .signatureDoesNotMatch),
        ("AWS4-HMAC-SHA256 \(credential), \(signedHeaders), \(signature)", .signatureDoesNotMatch),
    ])
    func `an Authorization header is refused with its code`(_ header: String, _ code: S3ErrorCode) throws {
        #expect(try error(authorization: header)?.code == code)
    }

    @Test(arguments: [
        "AKIA", "AKIA/20130524/us-east-1/s3", "AKIA/20130524/s3/aws4_request", "AKIA/2013052/us-east-1/s3/aws4_request",
        "AKIA/2013052x/us-east-1/s3/aws4_request", "AKIA/20130525/us-east-1/s3/aws4_request",
        "AKIA/20130524/us-east-1/iam/aws4_request", "AKIA/20130524/us-east-1/s3/aws5_request",
        String(repeating: "a/", count: 100),
    ])
    func `a scope that is wrong is malformed`(_ credential: String) throws {
        let header = "AWS4-HMAC-SHA256 Credential=\(credential), \(Self.signedHeaders), \(Self.signature)"
        #expect(try error(authorization: header)?.code == .authorizationHeaderMalformed)
    }

    @Test func `an access key may hold slashes`() throws {
        let credential = Credential(accessKey: "team/key", secretKey: "secret", account: "1")
        let request = try TestSigner(accessKey: "team/key", secretKey: "secret").request()
        #expect(error(request, TestSigner.verifier([credential])) == nil)
    }

    @Test func `a wrong region names the right one, and any region passes when none is configured`() throws {
        let request = try TestSigner(region: "mars-north-1").request()
        let refusal = error(request, TestSigner.verifier(region: "eu-central-1"))
        #expect(refusal?.code == .authorizationHeaderMalformed)
        #expect(refusal?.extra("Region") == "eu-central-1")
        #expect(error(request) == nil)
    }

    @Test func `header and query together are refused`() throws {
        var input = try TestSigner().presigned()
        input.headers.append("authorization", "AWS4-HMAC-SHA256 x")
        #expect(error(input)?.code == .invalidArgument)
    }

    @Test func `two Authorization headers are refused`() throws {
        var input = try TestSigner().request()
        input.headers.append("authorization", try #require(input.headers.first("authorization")))
        #expect(error(input)?.code == .invalidArgument)
    }

    @Test func `an unknown and an inactive key are refused alike`() throws {
        let unknown = error(try TestSigner(accessKey: "NOBODY").request())
        #expect(unknown?.code == .invalidAccessKeyId)
        #expect(unknown?.extra("AWSAccessKeyId") == "NOBODY")
        var credential = TestSigner.credential
        credential.isActive = false
        #expect(error(try TestSigner().request(), TestSigner.verifier([credential]))?.code == .invalidAccessKeyId)
    }

    @Test func `a wrong secret is answered with everything needed to find the mistake`() throws {
        let refusal = try #require(error(try TestSigner(secretKey: "wrong").request()))
        #expect(refusal.code == .signatureDoesNotMatch)
        let names = refusal.extras.map(\.name)
        #expect(
            names == [
                "AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes", "CanonicalRequest",
                "CanonicalRequestBytes",
            ]
        )
        let canonical = try #require(refusal.extra("CanonicalRequest"))
        #expect(canonical.hasPrefix("GET\n/bucket/key\n\nhost:localhost\n"))
        #expect(canonical.hasSuffix("\nhost;x-amz-content-sha256;x-amz-date\n" + TestSigner.emptyHash))
        #expect(refusal.extra("CanonicalRequestBytes")?.hasPrefix("47 45 54 0a 2f") == true)
        #expect(refusal.extra("StringToSign")?.hasPrefix("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/") == true)
    }

    @Test func `a clock that is off by more than a quarter of an hour is refused`() throws {
        for seconds in [-900, 900] as [Int64] {
            #expect(error(try TestSigner().request(now: TestSigner.now.advanced(bySeconds: seconds))) == nil)
        }
        for seconds in [-901, 901] as [Int64] {
            let refusal = error(try TestSigner().request(now: TestSigner.now.advanced(bySeconds: seconds)))
            #expect(refusal?.code == .requestTimeTooSkewed)
            #expect(refusal?.extra("RequestTime") == TestSigner.date)
            #expect(refusal?.extra("MaxAllowedSkewMilliseconds") == "900000")
            #expect(refusal?.extra("ServerTime")?.isEmpty == false)
        }
    }

    @Test(arguments: ["", "yesterday", "20130524", "20130524T000000", "20131324T000000Z", "2013-05-24T00:00:00Z"])
    func `a date that is none is refused`(_ date: String) throws {
        #expect(error(try TestSigner(date: date).request())?.code == .accessDenied)
    }

    @Test func `no date at all is refused and a Date header suffices`() throws {
        var headers = [("host", "localhost"), ("x-amz-content-sha256", TestSigner.emptyHash)]
        let signer = TestSigner()
        func input(_ headers: [(String, String)]) throws -> RequestSignatureInput {
            let names = headers.map(\.0).sorted().joined(separator: ";")
            let signature = signer.signature("GET", "/bucket/key", "", headers, payload: TestSigner.emptyHash)
            let authorization =
                "AWS4-HMAC-SHA256 Credential=\(signer.accessKey)/\(signer.scope), SignedHeaders=\(names), "
                + "Signature=\(signature)"
            return try TestSigner.input("GET", "/bucket/key", nil, headers + [("authorization", authorization)])
        }
        #expect(error(try input(headers))?.code == .accessDenied)
        headers.append(("date", "Fri, 24 May 2013 00:00:00 GMT"))
        #expect(error(try input(headers)) == nil)
    }

    @Test func `a request without the hash of its body is refused`() throws {
        let refusal = error(
            try TestSigner.input(
                "GET",
                "/bucket/key",
                nil,
                [
                    ("host", "localhost"), ("x-amz-date", TestSigner.date),
                    (
                        "authorization",
                        "AWS4-HMAC-SHA256 \(Self.credential), SignedHeaders=host;x-amz-date, \(Self.signature)"
                    ),
                ],
            )
        )
        #expect(refusal?.code == .invalidRequest)
        #expect(refusal?.extra("MissingHeaderName") == "x-amz-content-sha256")
    }

    @Test(arguments: [
        ("", S3ErrorCode.invalidArgument), ("abc", .invalidArgument), ("unsigned-payload", .invalidArgument),
        (String(repeating: "g", count: 64), .invalidArgument), (String(repeating: "0", count: 63), .invalidArgument),
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", .notImplemented),
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", .notImplemented),
        ("STREAMING-SOMETHING", .invalidArgument),
    ])
    func `a hash of the body that is none is refused`(_ payload: String, _ code: S3ErrorCode) throws {
        #expect(error(try TestSigner().request(payload: payload))?.code == code)
    }

    @Test func `host and every amazon header must be signed`() throws {
        var input = try TestSigner().request()
        input.headers.append("x-amz-acl", "public-read")
        let refusal = error(input)
        #expect(refusal?.code == .accessDenied)
        #expect(refusal?.extra("HeadersNotSigned") == "x-amz-acl")

        let header =
            "AWS4-HMAC-SHA256 \(Self.credential), SignedHeaders=x-amz-content-sha256;x-amz-date, \(Self.signature)"
        #expect(try error(authorization: header)?.extra("HeadersNotSigned") == "host")
    }

    @Test func `another header need not be signed`() throws {
        var input = try TestSigner().request()
        input.headers.append("accept", "*/*")
        #expect(error(input) == nil)
    }

    @Test func `signed headers in another order and another case still verify`() throws {
        let input = try TestSigner().request()
        let authorization = try #require(input.headers.first("authorization"))
        let signature = try #require(authorization.split(separator: "=").last)
        let reordered =
            "AWS4-HMAC-SHA256   Signature=\(signature),SignedHeaders=X-Amz-Date;host;x-amz-content-sha256 , "
            + Self.credential
        let headers = [
            ("host", "localhost"), ("x-amz-date", TestSigner.date), ("x-amz-content-sha256", TestSigner.emptyHash),
            ("authorization", reordered),
        ]
        #expect(error(try TestSigner.input("GET", "/bucket/key", nil, headers)) == nil)
    }
}
