// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

/// What clients spell in several ways must verify all the same, and what means something else must not.
@Suite struct CanonicalFormTests {
    private func passes(_ input: RequestSignatureInput) -> Bool {
        (try? TestSigner.verifier().authenticate(input)) != nil
    }

    @Test(arguments: [
        ("/bucket/a%20b", "/bucket/a%20b"), ("/bucket/a%20b", "/bucket/a b"), ("/bucket/a%2Bb", "/bucket/a+b"),
        ("/bucket/%C3%A9", "/bucket/%c3%a9"), ("/bucket/~x", "/bucket/%7Ex"), ("/bucket/a/../b", "/bucket/a/../b"),
        ("/bucket//a//", "/bucket//a//"), ("/bucket/a%3Db", "/bucket/a=b"),
        // Signed as sent, though the specification wants it encoded.
        ("/bucket/a+b", "/bucket/a+b"), ("/bucket/%c3%a9", "/bucket/%c3%a9"), ("/bucket/(x)", "/bucket/(x)"),
    ])
    func `a path signed as the left verifies when sent as the right`(_ signed: String, _ sent: String) throws {
        #expect(passes(try TestSigner().request(path: signed, rawPath: sent)))
    }

    @Test(arguments: [
        ("/bucket/a", "/bucket/A"), ("/bucket/a", "/bucket//a"), ("/bucket/b", "/bucket/a/../b"),
        ("/bucket/a%2525", "/bucket/a%25"), ("/bucket/a", "/bucket/a/"),
    ])
    func `a path that means another key does not verify`(_ signed: String, _ sent: String) throws {
        #expect(!passes(try TestSigner().request(path: signed, rawPath: sent)))
    }

    @Test(arguments: [
        ("acl=", "acl"), ("acl=", "acl="), ("a=1&b=2", "b=2&a=1"), ("a=1&a=2", "a=2&a=1"), ("p=a%20b", "p=a+b"),
        ("p=a%2Bb", "p=a+b"), ("p=a%2Fb", "p=a/b"), ("p=%3D", "p=="), ("A=1&a=2", "a=2&A=1"), ("a=1", "&a=1&&"),
        ("p=%C3%A9", "p=%c3%a9"), ("a=1&a-b=1", "a-b=1&a=1"),
    ])
    func `a query signed as the left verifies when sent as the right`(_ signed: String, _ sent: String) throws {
        #expect(passes(try TestSigner().request(query: signed, rawQuery: sent)))
    }

    @Test(arguments: [("a=1", "a=2"), ("a=1", "A=1"), ("", "acl"), ("a=1", "a=1&a=1")])
    func `a query that means something else does not verify`(_ signed: String, _ sent: String) throws {
        #expect(!passes(try TestSigner().request(query: signed, rawQuery: sent)))
    }

    @Test func `runs of spaces in a header count as one and several lines as a list`() throws {
        let signer = TestSigner()
        var input = try signer.request(headers: [("x-amz-meta-a", "one two"), ("x-amz-meta-b", "1,2")])
        let authorization = try #require(input.headers.first("authorization"))
        input.headers = S3Headers([
            ("Host", " localhost "), ("X-Amz-Date", TestSigner.date), ("X-Amz-Content-Sha256", TestSigner.emptyHash),
            ("X-Amz-Meta-A", "  one    two\t"), ("X-Amz-Meta-B", "1"), ("x-amz-meta-b", " 2"),
            ("Authorization", authorization),
        ])
        #expect(passes(input))
    }

    @Test func `a signed header that was not sent counts as empty`() throws {
        var input = try TestSigner().request(headers: [("content-type", "")])
        let authorization = try #require(input.headers.first("authorization"))
        input.headers = S3Headers([
            ("host", "localhost"), ("x-amz-date", TestSigner.date), ("x-amz-content-sha256", TestSigner.emptyHash),
            ("authorization", authorization),
        ])
        #expect(passes(input))
    }
}
