// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import Testing

/// Names, tags, digests and references (`spec/registry.md` §1.1).
@Suite struct GrammarTests {
    @Test(arguments: [
        "alpine", "a", "0", "library/alpine", "a/b/c", "a.b", "a_b", "a__b", "a-b", "a---b", "blobs/uploads",
        "manifests/tags/list", String(repeating: "a", count: 255),
        Array(repeating: "a", count: 32).joined(separator: "/"),
    ])
    func `a repository name by the grammar is taken`(text: String) {
        #expect(RepositoryName(text)?.string == text)
    }

    @Test(arguments: [
        "", "/", "a/", "/a", "a//b", "A", "aB", "a..b", "a___b", "a.-b", "a-.b", "a_.b", "a_-b", ".a", "-a", "_a", "a.",
        "a-",
        "a_", "a/_b", "a/-b", "a b", "ä", "a:b", "a%2fb", "a\0b", String(repeating: "a", count: 256),
        Array(repeating: "a", count: 33).joined(separator: "/"),
    ])
    func `a repository name outside the grammar is refused`(text: String) {
        #expect(RepositoryName(text) == nil)
    }

    @Test(arguments: ["latest", "v1.0-rc_1", "_", "A", "0", String(repeating: "x", count: 128)])
    func `a tag by the grammar is taken`(text: String) {
        #expect(Tag(text)?.string == text)
    }

    @Test(arguments: ["", ".a", "-a", "a b", "a/b", "ä", "a+b", "a\n", String(repeating: "x", count: 129)])
    func `a tag outside the grammar is refused`(text: String) {
        #expect(Tag(text) == nil)
    }

    @Test(arguments: [("sha256", 64), ("sha512", 128)])
    func `a digest is an algorithm and so many lower-case digits`(algorithm: String, count: Int) throws {
        let text = algorithm + ":" + String(repeating: "0a", count: count / 2)
        let digest = try #require(OCIDigest(text))
        #expect(digest.description == text)
        #expect(digest.bytes.count == count / 2)
        #expect(OCIDigest(digest.algorithm, bytes: digest.bytes) == digest)
        #expect(OCIDigest(text.uppercased()) == nil)
        #expect(OCIDigest(text.dropLast()) == nil)
        #expect(OCIDigest(text + "0") == nil)
        #expect(OCIDigest(algorithm + ":" + String(repeating: "0A", count: count / 2)) == nil)
        #expect(OCIDigest(algorithm + ":" + String(repeating: "0g", count: count / 2)) == nil)
    }

    @Test(arguments: [
        "", ":", "sha256", "sha256:", "sha256:baddigeststring", "md5:d41d8cd98f00b204e9800998ecf8427e",
        "blake3:" + String(repeating: "0", count: 64), "sha256 :" + String(repeating: "0", count: 64),
    ])
    func `a malformed or unsupported digest is refused`(text: String) {
        #expect(OCIDigest(text) == nil)
    }

    @Test func `a reference is a digest when it holds a colon and a tag when it holds none`() throws {
        let text = "sha256:" + String(repeating: "0", count: 64)
        #expect(try Reference(text) == .digest(try #require(OCIDigest(text))))
        #expect(try Reference("latest") == .tag(try #require(Tag("latest"))))
        #expect(throws: RegistryError.self) { try Reference("sha256:baddigeststring") }
        let failure = #expect(throws: RegistryError.self) { try Reference("a:b") }
        #expect(failure?.code == .digestInvalid)
        #expect(throws: RegistryError.self) { try Reference("-a") }
    }

    @Test(arguments: [
        ("application/json", "application/json"), (" application/json ; charset=utf-8", "application/json"),
        ("a/b;", "a/b"),
        ("", nil), (" ; x", nil),
    ])
    func `a media type loses its parameters`(header: String, expected: String?) {
        #expect(MediaType.withoutParameters(header) == expected)
    }
}
