// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

/// The examples of the "Amazon S3 API Reference", with the signatures printed there.
@Suite struct AWSExampleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let method: String
        let path: String
        let query: String?
        let headers: [(String, String)]
        let signedHeaders: String
        let signature: String
    }

    static let examples = [
        Example(
            testDescription: "GET object with a range",
            method: "GET",
            path: "/test.txt",
            query: nil,
            headers: [("Range", "bytes=0-9"), ("x-amz-content-sha256", TestSigner.emptyHash)],
            signedHeaders: "host;range;x-amz-content-sha256;x-amz-date",
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        Example(
            testDescription: "PUT object",
            method: "PUT",
            path: "/test$file.text",
            query: nil,
            headers: [
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
            ],
            signedHeaders: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
        Example(
            testDescription: "GET bucket lifecycle",
            method: "GET",
            path: "/",
            query: "lifecycle",
            headers: [("x-amz-content-sha256", TestSigner.emptyHash)],
            signedHeaders: "host;x-amz-content-sha256;x-amz-date",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
        Example(
            testDescription: "list objects",
            method: "GET",
            path: "/",
            query: "max-keys=2&prefix=J",
            headers: [("x-amz-content-sha256", TestSigner.emptyHash)],
            signedHeaders: "host;x-amz-content-sha256;x-amz-date",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
    ]

    private func authenticate(_ example: Example, signature: String) throws -> AuthenticatedRequest {
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(TestSigner.accessKey)/20130524/us-east-1/s3/aws4_request,"
            + "SignedHeaders=\(example.signedHeaders),Signature=\(signature)"
        let headers =
            example.headers + [
                ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
                ("Authorization", authorization),
            ]
        return try TestSigner.verifier().authenticate(
            TestSigner.input(example.method, example.path, example.query, headers)
        )
    }

    @Test(arguments: examples) func `a published example verifies`(_ example: Example) throws {
        let request = try authenticate(example, signature: example.signature)
        #expect(request.accessKey == TestSigner.accessKey)
        #expect(!request.isPresigned)
        #expect(request.signedAt == TestSigner.now)
    }

    @Test(arguments: examples) func `a published example with one digit changed does not`(_ example: Example) {
        let last = example.signature.hasSuffix("0") ? "1" : "0"
        #expect(throws: S3Error(.signatureDoesNotMatch)) {
            try authenticate(example, signature: example.signature.dropLast() + last)
        }
    }

    private static let presignedQuery =
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
        + "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
        + "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"

    @Test func `the published presigned URL verifies until its last second`() throws {
        let verifier = TestSigner.verifier()
        for offset in [-900, 0, 86_400] as [Int64] {
            let request = try verifier.authenticate(
                TestSigner.input(
                    "GET",
                    "/test.txt",
                    Self.presignedQuery,
                    [("host", "examplebucket.s3.amazonaws.com")],
                    now: TestSigner.now.advanced(bySeconds: offset),
                )
            )
            #expect(request.isPresigned)
            #expect(request.payload == .unsigned)
        }
    }

    @Test func `the published presigned URL does not verify for another method, path or host`() {
        let verifier = TestSigner.verifier()
        for (method, path, host) in [
            ("PUT", "/test.txt", "examplebucket.s3.amazonaws.com"),
            ("GET", "/tesu.txt", "examplebucket.s3.amazonaws.com"),
            ("GET", "/test.txt", "otherbucket.s3.amazonaws.com"),
        ] {
            #expect(throws: S3Error(.signatureDoesNotMatch)) {
                try verifier.authenticate(TestSigner.input(method, path, Self.presignedQuery, [("host", host)]))
            }
        }
    }
}
