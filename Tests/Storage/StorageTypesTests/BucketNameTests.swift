// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

/// The rules of `spec/s3.md` §7.1.
@Suite struct `Bucket names` {
    @Test(arguments: [
        "abc", "a-b", "a.b", "my-bucket.2024", "123", "1a1", "xn-a", "sthree", "1.2.3", "1.2.3.4.5", "1.2.3.a",
        String(repeating: "a", count: 63),
    ])
    func `are taken`(_ name: String) throws {
        #expect(try BucketName(name).string == name)
    }

    @Test(arguments: [
        "", "a", "ab", String(repeating: "a", count: 64), String(repeating: "a", count: 255),
        "Abc", "aBc", "a_b", "a b", "a/b", "abc\n", "äbc", "a\u{0}b", "a%b",
        "-abc", "abc-", ".abc", "abc.", "a..b", "a.-b", "a-.b",
        "1.2.3.4", "192.168.0.1", "999.999.999.999",
        "xn--abc", "sthree-abc", "amzn-s3-demo-abc",
        "abc-s3alias", "abc--ol-s3", "abc.mrap", "abc--x-s3", "abc--table-s3",
    ])
    func `are refused`(_ name: String) {
        #expect(throws: StoreError(.invalidBucketName)) { try BucketName(name) }
    }

    @Test func `are ordered by their bytes`() {
        let names = ["b.a", "a", "b-a", "b0", "ba"].map { BucketName(stored: $0) }
        #expect(names.sorted().map(\.string) == ["a", "b-a", "b.a", "b0", "ba"])
    }
}
