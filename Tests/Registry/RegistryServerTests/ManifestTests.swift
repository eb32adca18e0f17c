// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import StorageTypes
import Testing

/// Manifests, tags, lists and referrers over the wire (`spec/registry.md` §6 to §9).
@Suite struct ManifestTests {
    let image = Image(config: Array("{}".utf8), layers: [Array("layer".utf8)])

    @Test func `a manifest comes back byte for byte by tag and by digest`() async throws {
        try await withRegistry { client in
            try await client.push(image, to: "a")
            let bytes = image.manifest()
            let digest = Image.digest(bytes).description
            for reference in [digest, "v1"] {
                let put = try await client.putManifest(bytes, "a", reference)
                #expect(put.status == 201, "\(put.text)")
                #expect(put["location"] == "/v2/a/manifests/\(digest)")
                #expect(put["docker-content-digest"] == digest)
                #expect(put["oci-subject"] == nil)
                for method in ["HEAD", "GET"] {
                    for accept in [[], [("Accept", MediaType.imageManifest)], [("Accept", "text/plain")]] {
                        let get = try await client.send(method, "/v2/a/manifests/\(reference)", accept)
                        #expect(get.status == 200)
                        #expect(get.body == (method == "GET" ? bytes : []))
                        #expect(get["content-length"] == "\(bytes.count)")
                        #expect(get["content-type"] == MediaType.imageManifest)
                        #expect(get["docker-content-digest"] == digest)
                        #expect(get["etag"] == "\"\(digest)\"")
                    }
                    let get = try await client.send(method, "/v2/a/manifests/\(reference)", [("If-None-Match", digest)])
                    #expect(get.status == 304)
                }
            }
            #expect(try await client.send("GET", "/v2/a/blobs/\(digest)").status == 404)
            #expect(try await client.send("GET", "/v2/a/manifests/v2").codes == ["MANIFEST_UNKNOWN"])
        }
    }

    @Test func `docker's types are kept as they are`() async throws {
        try await withRegistry { client in
            try await client.push(image, to: "a")
            let bytes = image.manifest(#","mediaType":"\#(MediaType.dockerManifest)""#)
            #expect(try await client.putManifest(bytes, "a", "d", type: MediaType.dockerManifest).status == 201)
            #expect(try await client.send("GET", "/v2/a/manifests/d")["content-type"] == MediaType.dockerManifest)
            let type = MediaType.dockerManifest
            let child = Image.descriptor(bytes, type)
            let list = Array(
                #"{"schemaVersion":2,"mediaType":"\#(MediaType.dockerManifestList)","manifests":[\#(child)]}"#.utf8
            )
            #expect(try await client.putManifest(list, "a", "l", type: MediaType.dockerManifestList).status == 201)
            #expect(try await client.send("GET", "/v2/a/manifests/l").body == list)
        }
    }

    @Test func `what is no manifest, or not what its reference says, is refused`() async throws {
        try await withRegistry { client in
            try await client.push(image, to: "a")
            let bytes = image.manifest()
            let digest = Image.digest(bytes).description
            let spaces = try await client.putManifest(bytes + [32, 32], "a", digest)
            #expect(spaces.status == 400)
            #expect(spaces.codes == ["DIGEST_INVALID"])
            #expect(try await client.putManifest(Array("{".utf8), "a", "x").codes == ["MANIFEST_INVALID"])
            let schema1 = try await client.putManifest(bytes, "a", "x", type: MediaType.dockerSchema1Signed)
            #expect(schema1.status == 400)
            #expect(schema1.codes == ["MANIFEST_INVALID"])
            let missing = Image(config: Array("{}".utf8), layers: [[1], [2]]).manifest()
            let unknown = try await client.putManifest(missing, "a", "x")
            #expect(unknown.status == 400)
            #expect(unknown.codes == ["MANIFEST_BLOB_UNKNOWN", "MANIFEST_BLOB_UNKNOWN"])
            #expect(unknown.json?["errors"]?[1]?["detail"]?.string == Image.digest([2]).description)
            #expect(try await client.send("GET", "/v2/a/manifests/x").status == 404)
        }
    }

    @Test func `a manifest of four million bytes is taken and a larger one is not`() async throws {
        try await withRegistry { client in
            try await client.push(image, to: "a")
            let annotations = (0..<390).map { "\"k\($0)\":\"\(String(repeating: "v", count: 10_000))\"" }
            let large = image.manifest(#","annotations":{\#(annotations.joined(separator: ","))}"#)
            #expect(large.count > 3_900_000)
            #expect(try await client.putManifest(large, "a", "large").status == 201)
            #expect(try await client.send("GET", "/v2/a/manifests/large").body == large)
            let tooLarge = large + Array(repeating: 32, count: 4_194_305 - large.count)
            let headers = [("Content-Type", MediaType.imageManifest)]
            for body in [Client.Body.bytes(tooLarge), .chunked([tooLarge])] {
                let response = try await client.send("PUT", "/v2/a/manifests/x", headers, body)
                #expect(response.status == 413)
                #expect(response.codes == ["MANIFEST_INVALID"])
            }
        }
    }

    @Test(arguments: OCIDigest.Algorithm.allCases)
    func `tags beside a digest point at that digest`(algorithm: OCIDigest.Algorithm) async throws {
        try await withRegistry { client in
            try await client.push(image, to: "a")
            let bytes = image.manifest()
            let digest = Image.digest(bytes, algorithm).description
            let put = try await client.putManifest(bytes, "a", "\(digest)?tag=one&tag=two&tag=one")
            #expect(put.status == 201)
            #expect(put["oci-tag"] == "one, two")
            for tag in ["one", "two"] {
                let get = try await client.send("GET", "/v2/a/manifests/\(tag)")
                #expect(get.body == bytes)
                #expect(get["docker-content-digest"] == digest)
            }
            #expect(try await client.putManifest(bytes, "a", "\(digest)?tag=-x&tag=three").status == 400)
            #expect(try await client.send("GET", "/v2/a/manifests/three").status == 404)
            let many = (0..<65).map { "tag=t\($0)" }.joined(separator: "&")
            #expect(try await client.putManifest(bytes, "a", "\(digest)?\(many)").status == 414)
            #expect(try await client.send("DELETE", "/v2/a/manifests/\(digest)").status == 202)
            for tag in ["one", "two", digest] {
                #expect(try await client.send("GET", "/v2/a/manifests/\(tag)").status == 404)
            }
        }
    }

    @Test func `conditions of a tag are honoured`() async throws {
        try await withRegistry { client in
            try await client.push(image, to: "a")
            let bytes = image.manifest()
            let digest = Image.digest(bytes)
            let absent = [("If-None-Match", "*")]
            #expect(
                try await client.putManifest(bytes, "a", "v", headers: [("If-Match", "\"\(digest)\"")]).status == 412
            )
            #expect(try await client.putManifest(bytes, "a", "v", headers: absent).status == 201)
            #expect(try await client.putManifest(bytes, "a", "v", headers: absent).status == 412)
            #expect(
                try await client.putManifest(bytes, "a", "v", headers: [("If-Match", "\"\(digest)\"")]).status == 201
            )
        }
    }

    @Test func `deleting a tag keeps the manifest and deleting by digest keeps nothing`() async throws {
        try await withRegistry { client in
            try await client.push(image, to: "a")
            let bytes = image.manifest()
            let digest = Image.digest(bytes).description
            for tag in ["one", "two"] { try await client.putManifest(bytes, "a", tag) }
            #expect(try await client.send("DELETE", "/v2/a/manifests/one").status == 202)
            #expect(try await client.send("DELETE", "/v2/a/manifests/one").codes == ["MANIFEST_UNKNOWN"])
            #expect(try await client.send("GET", "/v2/a/manifests/\(digest)").status == 200)
            let blob = "/v2/a/blobs/\(Image.digest(image.layers[0]))"
            let inUse = try await client.send("DELETE", blob)
            #expect(inUse.status == 405)
            #expect(inUse.codes == ["DENIED"])
            #expect(try await client.send("DELETE", "/v2/a/manifests/\(digest)").status == 202)
            for reference in ["two", digest] {
                #expect(try await client.send("GET", "/v2/a/manifests/\(reference)").status == 404)
                #expect(try await client.send("DELETE", "/v2/a/manifests/\(reference)").status == 404)
            }
            #expect(try await client.send("GET", "/v2/a/tags/list").json?["tags"]?.array == [])
            #expect(try await client.send("DELETE", blob).status == 202)
        }
    }

    @Test func `a child of an index goes after it, or by force`() async throws {
        try await withRegistry { client in
            try await client.push(image, to: "a")
            let child = Image.digest(image.manifest())
            try await client.putManifest(image.manifest(), "a", child.description)
            let index = Image.index([image.manifest()])
            #expect(try await client.putManifest(index, "a", "i", type: MediaType.imageIndex).status == 201)
            let refused = try await client.send("DELETE", "/v2/a/manifests/\(child)")
            #expect(refused.status == 409)
            #expect(refused.codes == ["DENIED"])
            #expect(try await client.send("DELETE", "/v2/a/manifests/\(child)?force=1").status == 202)
        }
    }

    @Test func `tags are listed in byte order, page by page`() async throws {
        try await withRegistry { client in
            try await client.push(image, to: "a")
            let tags = ["A", "B", "_", "a", "a-b", "a.b", "aa", "b", "z"]
            for tag in tags.shuffled() { try await client.putManifest(image.manifest(), "a", tag) }
            func list(_ query: String) async throws -> (tags: [String], link: String?) {
                let response = try await client.send("GET", "/v2/a/tags/list\(query)")
                #expect(response.status == 200)
                #expect(response["content-type"] == "application/json")
                return (try #require(response.json?["tags"]?.array).compactMap(\.string), response["link"])
            }
            let sorted = tags.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            #expect(try await list("") == (sorted, nil))
            #expect(try await list("?n=0") == ([], nil))
            #expect(try await list("?n=9") == (sorted, nil))
            #expect(try await list("?n=99999999999999999999") == (sorted, nil))
            #expect(try await list("?last=a") == (["a-b", "a.b", "aa", "b", "z"], nil))
            #expect(try await list("?last=a%2Fb") == (["aa", "b", "z"], nil))
            #expect(try await list("?last=zz") == ([], nil))
            #expect(try await list("?n=4") == (Array(sorted.prefix(4)), "</v2/a/tags/list?n=4&last=a>; rel=\"next\""))
            for n in ["x", "-1", "", "1.5"] {
                let response = try await client.send("GET", "/v2/a/tags/list?n=\(n)")
                #expect(response.status == 400)
                #expect(response.codes == ["UNSUPPORTED"])
            }
        }
    }

    @Test func `the catalogue lists repositories that have a manifest`() async throws {
        try await withRegistry { client in
            for name in ["b", "a/b", "a-b", "a"] {
                try await client.push(image, to: name)
                try await client.putManifest(image.manifest(), name, "v")
            }
            try await client.push(image, to: "empty")
            let whole = try await client.send("GET", "/v2/_catalog")
            #expect(whole.text == #"{"repositories":["a","a-b","a/b","b"]}"#)
            let page = try await client.send("GET", "/v2/_catalog?n=2&last=a")
            #expect(page.text == #"{"repositories":["a-b","a/b"]}"#)
            #expect(page["link"] == "</v2/_catalog?n=2&last=a%2Fb>; rel=\"next\"")
            _ = try await client.send("DELETE", "/v2/b/manifests/\(Image.digest(image.manifest()))")
            #expect(try await client.send("GET", "/v2/_catalog").text == #"{"repositories":["a","a-b","a/b"]}"#)
        }
    }

    @Test func `referrers are listed for any subject, with their types and annotations`() async throws {
        try await withRegistry { client in
            let subject = image.manifest()
            let path = "/v2/a/referrers/\(Image.digest(subject))"
            let empty = try await client.send("GET", path)
            #expect(empty.status == 200)
            #expect(empty["content-type"] == MediaType.imageIndex)
            #expect(empty.text == #"{"schemaVersion":2,"mediaType":"\#(MediaType.imageIndex)","manifests":[]}"#)
            try await client.push(image, to: "a")
            let edge = #","subject":\#(Image.descriptor(subject, MediaType.imageManifest))"#
            let one = image.manifest(#","artifactType":"type/one","annotations":{"k":"v"}\#(edge)"#)
            let two = image.manifest(edge)
            for referrer in [one, two] {
                let put = try await client.putManifest(referrer, "a", Image.digest(referrer).description)
                #expect(put.status == 201)
                #expect(put["oci-subject"] == Image.digest(subject).description)
            }
            let all = try await client.send("GET", path)
            let entries = try #require(all.json?["manifests"]?.array)
            #expect(entries.map { $0["digest"]?.string } == [one, two].map { Image.digest($0).description })
            #expect(
                entries.map { $0["artifactType"]?.string } == ["type/one", "application/vnd.oci.image.config.v1+json"]
            )
            #expect(entries[0]["annotations"]?["k"] == "v")
            #expect(entries[0]["size"]?.integer == Int64(one.count))
            #expect(all["oci-filters-applied"] == nil)
            let filtered = try await client.send("GET", path + "?artifactType=type/one")
            #expect(filtered.json?["manifests"]?.array?.count == 1)
            #expect(filtered["oci-filters-applied"] == "artifactType")
            #expect(try await client.send("DELETE", "/v2/a/manifests/\(Image.digest(one))").status == 202)
            #expect(try await client.send("GET", path).json?["manifests"]?.array?.count == 1)
        }
    }
}
