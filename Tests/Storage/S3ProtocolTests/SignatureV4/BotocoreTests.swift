// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes
import Testing

@Suite struct BotocoreTests {
    private static let now = Timestamp(seconds: 1_767_323_045)

    private func verifier() -> SignatureV4 {
        let credential = Credential(accessKey: "AKIDEXAMPLE", secretKey: BotocoreVectors.secretKey, account: "1")
        return TestSigner.verifier([credential])
    }

    private func input(_ vector: BotocoreVectors.Vector) throws -> RequestSignatureInput {
        try TestSigner.input(vector.method, vector.rawPath, vector.rawQuery, vector.headers, now: Self.now)
    }

    @Test(arguments: BotocoreVectors.inHeader)
    func `a request signed by botocore verifies`(_ vector: BotocoreVectors.Vector) throws {
        let request = try verifier().authenticate(input(vector))
        #expect(request.accessKey == "AKIDEXAMPLE")
        #expect(!request.isPresigned)
    }

    @Test(arguments: BotocoreVectors.inQuery)
    func `a request presigned by botocore verifies`(_ vector: BotocoreVectors.Vector) throws {
        let request = try verifier().authenticate(input(vector))
        #expect(request.isPresigned)
    }

    @Test(arguments: BotocoreVectors.inHeader + BotocoreVectors.inQuery)
    func `a request changed on its way does not verify`(_ vector: BotocoreVectors.Vector) throws {
        var changed = try input(vector)
        changed.method = vector.method == "GET" ? "HEAD" : "GET"
        #expect(throws: S3Error(.signatureDoesNotMatch)) { try verifier().authenticate(changed) }

        changed = try input(vector)
        changed.rawPath += "x"
        #expect(throws: S3Error(.signatureDoesNotMatch)) { try verifier().authenticate(changed) }

        changed = try input(vector)
        changed.rawQuery = (vector.rawQuery.map { $0 + "&" } ?? "") + "added=1"
        #expect(throws: S3Error(.signatureDoesNotMatch)) { try verifier().authenticate(changed) }
    }
}
