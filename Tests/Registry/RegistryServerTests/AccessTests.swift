// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import StorageTypes
import Testing

/// Routing, authentication and the headers of every answer (`spec/registry.md` §1, §2, §3.1).
@Suite struct AccessTests {
    @Test(arguments: [
        nil, "", "Basic", "Basic !", "Basic a2V5", "Bearer x", "Basic " + Base64.encode(Array("key:wrong".utf8)),
        "Basic " + Base64.encode(Array("key:".utf8)), "Basic " + Base64.encode(Array(":secret".utf8)),
        "Basic " + Base64.encode(Array("key:secretsecret".utf8)), "Basic " + Base64.encode(Array("other:secret".utf8)),
    ])
    func `without the right credentials every path below v2 is a challenge`(authorization: String?) async throws {
        try await withRegistry { client in
            var client = client
            client.authorization = authorization
            for path in ["/v2/", "/v2", "/v2/_catalog", "/v2/a/tags/list", "/v2/nonsense", "/v2/A/manifests/x"] {
                let response = try await client.send("GET", path)
                #expect(response.status == 401)
                #expect(response["www-authenticate"] == "Basic realm=\"drydock\"")
                #expect(response["docker-distribution-api-version"] == "registry/2.0")
                #expect(response.codes == ["UNAUTHORIZED"])
            }
        }
    }

    @Test(arguments: ["GET", "HEAD"], ["/v2/", "/v2"])
    func `the ping answers with an empty object and the headers of every answer`(method: String, path: String)
        async throws
    {
        try await withRegistry { client in
            let response = try await client.send(method, path)
            #expect(response.status == 200)
            #expect(response.text == (method == "GET" ? "{}" : ""))
            #expect(response["content-length"] == "2")
            #expect(response["content-type"] == "application/json")
            #expect(response["docker-distribution-api-version"] == "registry/2.0")
            #expect(response["x-content-type-options"] == "nosniff")
            #expect(response["x-request-id"]?.count == 16)
            #expect(response["date"] != nil)
        }
    }

    struct Refusal: Sendable {
        let method: String
        let path: String
        let status: Int
        let code: String
        var allow: String?
    }

    static let digest = "sha256:" + String(repeating: "0", count: 64)

    @Test(arguments: [
        Refusal(method: "GET", path: "/", status: 404, code: "UNSUPPORTED"),
        Refusal(method: "GET", path: "/v1/", status: 404, code: "UNSUPPORTED"),
        Refusal(method: "GET", path: "/v2/x", status: 404, code: "UNSUPPORTED"),
        Refusal(method: "GET", path: "/v2/a/b/c/d", status: 404, code: "UNSUPPORTED"),
        Refusal(method: "GET", path: "/v2/a/_oci/ext/discover", status: 404, code: "UNSUPPORTED"),
        Refusal(method: "POST", path: "/v2/", status: 405, code: "UNSUPPORTED", allow: "GET, HEAD"),
        Refusal(
            method: "PATCH",
            path: "/v2/a/manifests/x",
            status: 405,
            code: "UNSUPPORTED",
            allow: "GET, HEAD, PUT, DELETE"
        ),
        Refusal(
            method: "PUT",
            path: "/v2/a/blobs/\(digest)",
            status: 405,
            code: "UNSUPPORTED",
            allow: "GET, HEAD, DELETE"
        ),
        Refusal(method: "GET", path: "/v2/a/blobs/uploads/", status: 405, code: "UNSUPPORTED", allow: "POST"),
        Refusal(method: "OPTIONS", path: "/v2/a/tags/list", status: 405, code: "UNSUPPORTED", allow: "GET, HEAD"),
        Refusal(method: "BREW", path: "/v2/a/blobs/uploads/x", status: 405, code: "UNSUPPORTED"),
        Refusal(method: "GET", path: "/v2/A/tags/list", status: 400, code: "NAME_INVALID"),
        Refusal(method: "GET", path: "/v2/a//b/tags/list", status: 400, code: "NAME_INVALID"),
        Refusal(method: "GET", path: "/v2/a%00b/tags/list", status: 400, code: "NAME_INVALID"),
        Refusal(method: "GET", path: "/v2/%FF/tags/list", status: 400, code: "NAME_INVALID"),
        Refusal(method: "GET", path: "/v2/../tags/list", status: 400, code: "NAME_INVALID"),
        Refusal(method: "POST", path: "/v2/_x/blobs/uploads/", status: 400, code: "NAME_INVALID"),
        Refusal(method: "GET", path: "/v2/a/tags/list", status: 404, code: "NAME_UNKNOWN"),
        Refusal(method: "GET", path: "/v2/a/manifests/x", status: 404, code: "NAME_UNKNOWN"),
        Refusal(method: "GET", path: "/v2/a/manifests/\(digest)", status: 404, code: "NAME_UNKNOWN"),
        Refusal(method: "DELETE", path: "/v2/a/manifests/x", status: 404, code: "NAME_UNKNOWN"),
        Refusal(method: "DELETE", path: "/v2/a/manifests/\(digest)", status: 404, code: "NAME_UNKNOWN"),
        Refusal(method: "GET", path: "/v2/a/blobs/\(digest)", status: 404, code: "BLOB_UNKNOWN"),
        Refusal(method: "DELETE", path: "/v2/a/blobs/\(digest)", status: 404, code: "BLOB_UNKNOWN"),
        Refusal(method: "GET", path: "/v2/a/blobs/uploads/x", status: 404, code: "BLOB_UPLOAD_UNKNOWN"),
        Refusal(method: "DELETE", path: "/v2/a/blobs/uploads/x", status: 404, code: "BLOB_UPLOAD_UNKNOWN"),
        Refusal(method: "PATCH", path: "/v2/a/blobs/uploads/x", status: 404, code: "BLOB_UPLOAD_UNKNOWN"),
        Refusal(
            method: "PUT",
            path: "/v2/a/blobs/uploads/x?digest=\(digest)",
            status: 404,
            code: "BLOB_UPLOAD_UNKNOWN"
        ),
        Refusal(method: "GET", path: "/v2/a/blobs/sha256:baddigeststring", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "GET", path: "/v2/a/blobs/blake3:00", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "DELETE", path: "/v2/a/blobs/sha256:baddigeststring", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "GET", path: "/v2/a/manifests/sha256:baddigeststring", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "PUT", path: "/v2/a/manifests/sha256:baddigeststring", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "DELETE", path: "/v2/a/manifests/sha256:baddigeststring", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "GET", path: "/v2/a/referrers/sha256:baddigeststring", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "PUT", path: "/v2/a/manifests/-x", status: 400, code: "MANIFEST_INVALID"),
        Refusal(method: "POST", path: "/v2/a/blobs/uploads/?digest=sha256:x", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "POST", path: "/v2/a/blobs/uploads/?mount=sha256:x", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "POST", path: "/v2/a/blobs/uploads/?digest-algorithm=md5", status: 400, code: "DIGEST_INVALID"),
        Refusal(method: "GET", path: "/v2/_catalog?n=x", status: 400, code: "UNSUPPORTED"),
    ])
    func `what is refused has the status and the code of the table`(refusal: Refusal) async throws {
        try await withRegistry { client in
            let response = try await client.send(refusal.method, refusal.path, [], .bytes([]))
            #expect(response.status == refusal.status)
            #expect(response.codes == [refusal.code])
            #expect(response["content-type"] == "application/json")
            #expect(response.json?["errors"]?[0]?["message"]?.string?.isEmpty == false)
            if let allow = refusal.allow { #expect(response["allow"] == allow) }
        }
    }

    @Test(arguments: ["blobs", "blobs/uploads", "manifests", "tags/list", "uploads", "referrers", "a/manifests/b"])
    func `a name may hold any word that ends a path`(name: String) async throws {
        try await withRegistry { client in
            let image = Image(config: Array("{}".utf8), layers: [])
            try await client.push(image, to: name)
            #expect(try await client.putManifest(image.manifest(), name, "tags").status == 201)
            #expect(try await client.send("GET", "/v2/\(name)/manifests/tags").status == 200)
            #expect(try await client.send("GET", "/v2/\(name)/tags/list").json?["name"]?.string == name)
        }
    }

    @Test func `a percent-encoded digest is a digest`() async throws {
        try await withRegistry { client in
            let digest = try await client.push(Array("x".utf8), to: "a/b")
            let path = "/v2/a%2Fb/blobs/" + digest.replacing(":", with: "%3A")
            #expect(try await client.send("GET", path).text == "x")
        }
    }

    @Test func `a refused upload is never told to continue`() async throws {
        try await withRegistry { client in
            var stranger = client
            stranger.authorization = nil
            let headers = [("Expect", "100-continue"), ("Content-Length", "1000000")]
            for (client, path, status) in [
                (stranger, "/v2/a/blobs/uploads/x", 401), (client, "/v2/a/blobs/uploads/x", 404),
                (client, "/v2/A/blobs/uploads/x", 400),
            ] {
                #expect(try await client.send("PATCH", path, headers).status == status)
            }
            let location = try await client.start("a")
            let range = headers + [("Content-Range", "5-1000004")]
            #expect(try await client.send("PATCH", location, range).status == 416)
        }
    }
}
