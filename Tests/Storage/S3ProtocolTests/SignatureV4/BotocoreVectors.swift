// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// Requests as botocore 1.43.11 signs them for AKIDEXAMPLE at 2026-01-02T03:04:05Z in eu-central-1.
enum BotocoreVectors {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let method: String
        let rawPath: String
        let rawQuery: String?
        let headers: [(String, String)]

        var testDescription: String { name }
    }

    static let secretKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    // swift-format-ignore
    static let inHeader: [Vector] = [
        Vector(
            name: "plain", method: "GET", rawPath: "/bucket/key",
            rawQuery: nil,
            headers: [
                ("host", "localhost:9000"),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=8d5700307c82563c0ae7637c21bd9576805de296458eccb7cc1b83cac2054eae"),
            ]
        ),
        Vector(
            name: "list", method: "GET", rawPath: "/bucket",
            rawQuery: "list-type=2&prefix=a%2Fb%20c&delimiter=%2F&max-keys=10&encoding-type=url",
            headers: [
                ("host", "localhost:9000"),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=2f12e8ce27bfc262b852a86a1497c2f92c223072a7c67a22a34104f1539b882a"),
            ]
        ),
        Vector(
            name: "valueless", method: "GET", rawPath: "/bucket",
            rawQuery: "acl",
            headers: [
                ("host", "localhost:9000"),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=7d9d018dec0e56d59590f59baae08591165bff25e27872673b928044cec70919"),
            ]
        ),
        Vector(
            name: "uploads", method: "POST", rawPath: "/bucket/dir/file%20name.txt",
            rawQuery: "uploads",
            headers: [
                ("host", "localhost:9000"),
                ("content-type", "text/plain"),
                ("x-amz-meta-b", "two"),
                ("x-amz-meta-a", "  one   spaced "),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-b, Signature=c625b95649ecebdea9aa72c204682c292880366238700bed04ac2b2b0e0c70a9"),
            ]
        ),
        Vector(
            name: "unicode", method: "PUT", rawPath: "/bucket/%C3%A9t%C3%A9/%E6%97%A5%E6%9C%AC",
            rawQuery: nil,
            headers: [
                ("host", "localhost:9000"),
                ("x-amz-acl", "private"),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-acl;x-amz-content-sha256;x-amz-date, Signature=e42f5e9b33072590185f3a91ec7f346472ee9c9d3cd47ac103ddbe11c2bb6e13"),
            ]
        ),
        Vector(
            name: "plus", method: "GET", rawPath: "/bucket/a%2Bb%3Dc%26d",
            rawQuery: nil,
            headers: [
                ("host", "localhost:9000"),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=a04f9366193a331b74bb7046b2f2a9d274ce6ccc25f84a63f6ab707d3275d47b"),
            ]
        ),
        Vector(
            name: "dots", method: "GET", rawPath: "/bucket/a/../b/./c//d",
            rawQuery: nil,
            headers: [
                ("host", "localhost:9000"),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=e81151fde5df5137a7cb92f9bef91b4ad0e5b978461a5d38d3bb22e509cdcd10"),
            ]
        ),
        Vector(
            name: "special", method: "GET", rawPath: "/bucket/%21%2A%27%28%29%3B%3A%40%24%2C%5B%5D~-_.",
            rawQuery: nil,
            headers: [
                ("host", "localhost:9000"),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=bbd0ffa1e03d2d45eb862c9414c19c2737e62b296f4a8c6c356220720972ce74"),
            ]
        ),
        Vector(
            name: "part", method: "PUT", rawPath: "/bucket/key",
            rawQuery: "partNumber=3&uploadId=abc%2F%2Bdef%3D",
            headers: [
                ("host", "localhost:9000"),
                ("content-md5", "XUFAKrxLKna5cZ2REBfFkg=="),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=content-md5;host;x-amz-content-sha256;x-amz-date, Signature=a50c5e1588705c6bc9a5c8d173a29e0caa798f8547b03f6059f07c4100e920a0"),
            ]
        ),
        Vector(
            name: "range", method: "GET", rawPath: "/bucket/key",
            rawQuery: "versionId=null",
            headers: [
                ("host", "localhost:9000"),
                ("range", "bytes=0-9"),
                ("if-none-match", "\"abc\""),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;if-none-match;range;x-amz-content-sha256;x-amz-date, Signature=07cf89f7f43043cb1db2856e83233564aa597a75a177ffc238784bf725d74aca"),
            ]
        ),
        Vector(
            name: "sortedvalues", method: "GET", rawPath: "/bucket",
            rawQuery: "x=b&x=a&x-y=1&X=2",
            headers: [
                ("host", "localhost:9000"),
                ("x-amz-date", "20260102T030405Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=5f223a886c35a579b91b2d67b127f0112d834bb2f6c539fb2897d000819c1067"),
            ]
        ),
    ]

    // swift-format-ignore
    static let inQuery: [Vector] = [
        Vector(
            name: "presigned get", method: "GET", rawPath: "/bucket/a%20b",
            rawQuery: "response-content-type=text%2Fplain&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=40be02334c38b5c16b3d66b66097be0f9224214fe50c981324368b16c755e6b5",
            headers: [
                ("host", "localhost:9000"),
            ]
        ),
        Vector(
            name: "presigned put with a signed header", method: "PUT", rawPath: "/bucket/key",
            rawQuery: "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host%3Bx-amz-meta-k&X-Amz-Signature=250a42055c7a030ce2fbee4a3a96511ea825818fbadd2bc04fe7c91892ebb207",
            headers: [
                ("host", "localhost:9000"),
                ("x-amz-meta-k", "v"),
            ]
        ),
        Vector(
            name: "presigned list", method: "GET", rawPath: "/bucket",
            rawQuery: "prefix=p%2F&list-type=2&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=2b04c4412c2432abb812c4bf7898d9d1fed42dd9e44802cff58c4552909e9174",
            headers: [
                ("host", "localhost:9000"),
            ]
        ),
    ]
}
