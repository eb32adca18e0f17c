// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import Testing

/// The error table (`spec/registry.md` §2), row by row.
@Suite struct RegistryErrorTests {
    static let table: [String: Int] = [
        "BLOB_UNKNOWN": 404, "BLOB_UPLOAD_INVALID": 400, "BLOB_UPLOAD_UNKNOWN": 404, "DIGEST_INVALID": 400,
        "MANIFEST_BLOB_UNKNOWN": 400, "MANIFEST_INVALID": 400, "MANIFEST_UNKNOWN": 404, "NAME_INVALID": 400,
        "NAME_UNKNOWN": 404, "SIZE_INVALID": 400, "UNAUTHORIZED": 401, "DENIED": 403, "UNSUPPORTED": 405,
        "TOOMANYREQUESTS": 429, "RANGE_INVALID": 416, "UNAVAILABLE": 503, "UNKNOWN": 500,
    ]

    @Test(arguments: RegistryErrorCode.allCases)
    func `each code has the status of the table`(code: RegistryErrorCode) {
        #expect(Self.table[code.rawValue] == code.status)
        #expect(!code.defaultMessage.isEmpty)
        #expect(RegistryError(code).status == code.status)
    }

    @Test func `the table knows no code that does not exist`() {
        #expect(Self.table.count == RegistryErrorCode.allCases.count)
    }

    @Test func `missing content is one entry per digest`() throws {
        let digests = [
            OCIDigest(.sha256, bytes: Array(repeating: 1, count: 32)),
            OCIDigest(.sha512, bytes: Array(repeating: 2, count: 64)),
        ]
        let error = RegistryError(missing: digests)
        #expect(error.status == 400)
        #expect(error.entries.map(\.detail) == digests.map(\.description))
        #expect(error.entries.allSatisfy { $0.code == .manifestBlobUnknown })
    }

    @Test func `the occasion may change the status`() {
        #expect(RegistryError(.denied, status: 409).status == 409)
    }
}
