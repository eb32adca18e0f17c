// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

@Suite struct SessionTests {
    private func error(_ input: RequestSignatureInput, _ credential: Credential) -> S3ErrorCode? {
        do {
            _ = try TestSigner.verifier([credential]).authenticate(input)
            return nil
        } catch {
            return error.code
        }
    }

    private func session(expiresIn seconds: Int64) -> Credential {
        var credential = TestSigner.credential
        credential.sessionToken = "token"
        credential.expiration = TestSigner.now.advanced(bySeconds: seconds)
        return credential
    }

    private func request(token: String?) throws -> RequestSignatureInput {
        try TestSigner().request(headers: token.map { [("x-amz-security-token", $0)] } ?? [])
    }

    @Test func `a session needs its own token`() throws {
        #expect(error(try request(token: "token"), session(expiresIn: 1)) == nil)
        #expect(error(try request(token: "other"), session(expiresIn: 1)) == .invalidToken)
        #expect(error(try request(token: "tokem"), session(expiresIn: 1)) == .invalidToken)
        #expect(error(try request(token: nil), session(expiresIn: 1)) == .invalidToken)
    }

    @Test func `a session that is over is refused`() throws {
        #expect(error(try request(token: "token"), session(expiresIn: 0)) == .expiredToken)
        #expect(error(try request(token: "other"), session(expiresIn: 0)) == .invalidToken)
    }

    @Test func `a token with a permanent key is refused`() throws {
        #expect(error(try request(token: "token"), TestSigner.credential) == .invalidToken)
    }

    @Test func `a presigned session carries its token in the query`() throws {
        let input = try TestSigner().presigned(replacing: ["X-Amz-Security-Token": "token"])
        #expect(error(input, session(expiresIn: 1)) == nil)
        #expect(error(try TestSigner().presigned(), session(expiresIn: 1)) == .invalidToken)
    }

    @Test func `a request without credentials is anonymous`() throws {
        let verifier = TestSigner.verifier()
        let request = try verifier.authenticate(TestSigner.input("GET", "/bucket/key", nil, [("host", "localhost")]))
        #expect(request.isAnonymous)
        #expect(request.payload == .unsigned)
        #expect(request.accessKey == nil)
    }

    @Test(
        arguments: [
            ("UNSIGNED-PAYLOAD", nil), (TestSigner.emptyHash, nil), ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", nil),
            ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", S3ErrorCode.invalidRequest),
            ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", .invalidRequest), ("junk", .invalidArgument),
        ] as [(String, S3ErrorCode?)]
    )
    func `an anonymous request can't have signed chunks`(_ payload: String, _ code: S3ErrorCode?) throws {
        let input = try TestSigner.input(
            "PUT",
            "/bucket/key",
            nil,
            [("host", "localhost"), ("x-amz-content-sha256", payload)],
        )
        #expect(error(input, TestSigner.credential) == code)
    }

    @Test func `only keys that verified something are cached`() throws {
        let cache = SigningKeyCache()
        let verifier = TestSigner.verifier(cache: cache)
        _ = try? verifier.authenticate(TestSigner(secretKey: "wrong").request())
        #expect(cache.count == 0)
        _ = try verifier.authenticate(TestSigner().request())
        _ = try verifier.authenticate(TestSigner().request(path: "/bucket/other"))
        #expect(cache.count == 1)
        _ = try verifier.authenticate(TestSigner(region: "eu-central-1").request())
        #expect(cache.count == 2)
    }

    @Test func `a replaced secret does not verify from the cache`() throws {
        let cache = SigningKeyCache()
        _ = try TestSigner.verifier(cache: cache).authenticate(TestSigner().request())
        var replaced = TestSigner.credential
        replaced.secretKey = "another"
        let verifier = TestSigner.verifier([replaced], cache: cache)
        #expect(throws: S3Error(.signatureDoesNotMatch)) { try verifier.authenticate(TestSigner().request()) }
        _ = try verifier.authenticate(TestSigner(secretKey: "another").request())
    }

    @Test func `the cache stays bounded`() throws {
        let cache = SigningKeyCache()
        let verifier = TestSigner.verifier(cache: cache)
        for number in 0..<(SigningKeyCache.entryCountMax + 10) {
            _ = try verifier.authenticate(TestSigner(region: "region-\(number)").request())
        }
        #expect(cache.count <= SigningKeyCache.entryCountMax)
    }

    @Test func `random Authorization headers and queries are refused without harm`() throws {
        var random = SeededGenerator(seed: 1)
        let verifier = TestSigner.verifier()
        let good = try #require(try TestSigner().request().headers.first("authorization"))
        let query = try #require(try TestSigner().presigned().rawQuery)
        let alphabet = Array("/;,= &%+\"*".utf8)
        for _ in 0..<3_000 {
            let header = String(decoding: random.mutated(Array(good.utf8), alphabet: alphabet), as: UTF8.self)
            let headers = [
                ("host", "localhost"), ("x-amz-date", TestSigner.date), ("x-amz-content-sha256", TestSigner.emptyHash),
            ]
            _ = try? verifier.authenticate(
                TestSigner.input("GET", "/bucket/key", nil, headers + [("authorization", header)])
            )
            let changed = String(decoding: random.mutated(Array(query.utf8), alphabet: alphabet), as: UTF8.self)
            _ = try? verifier.authenticate(TestSigner.input("GET", "/bucket/key", changed, [("host", "localhost")]))
        }
        #expect(throws: Never.self) { try verifier.authenticate(TestSigner().request()) }
    }
}
