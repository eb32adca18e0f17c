// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct AnonymousTests {
    private static func allow(_ actions: [String], on resource: String, effect: String = "Allow") -> String {
        let list = actions.map { "\"\($0)\"" }.joined(separator: ",")
        return """
            {"Version":"2012-10-17","Statement":[{"Effect":"\(effect)","Principal":"*","Action":[\(list)],\
            "Resource":"arn:aws:s3:::\(resource)"}]}
            """
    }

    private static func set(_ server: TestServer, _ policy: String) async throws -> RawResponse {
        try await server.send(TestRequest("PUT", "/box", query: [("policy", "")], body: Array(policy.utf8)))
    }

    private static func anonymous(_ server: TestServer, _ method: String, _ path: String, body: [UInt8] = [])
        async throws -> RawResponse
    {
        try await server.send(TestRequest(method, path, body: body, signing: .none))
    }

    @Test func `strangers get nothing without a policy`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            for (method, path) in [
                ("GET", "/"), ("GET", "/box"), ("GET", "/box/key"), ("GET", "/box/none"), ("DELETE", "/box/key"),
                ("DELETE", "/box"),
                ("PUT", "/new"), ("GET", "/box?policy"), ("GET", "/box?location"), ("GET", "/box?versions"),
            ] {
                let response = try await Self.anonymous(server, method, path)
                #expect(response.status == 403, "\(method) \(path)")
                #expect(response.errorCode == "AccessDenied", "\(method) \(path)")
            }
            #expect(try await Self.anonymous(server, "GET", "/none/key").errorCode == "NoSuchBucket")
            #expect(try await Self.anonymous(server, "PUT", "/box/new", body: [1]).status == 403)
            let delete = Array("<Delete><Object><Key>key</Key></Object></Delete>".utf8)
            #expect(try await Self.anonymous(server, "POST", "/box?delete", body: delete).status == 403)
            #expect(try await server.get("/box/key").text == "hello")
        }
    }

    @Test func `a policy opens exactly what it says`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/public/key", "hello")
            try await server.put("/box/private", "secret")
            let policy = Self.allow(["s3:GetObject"], on: "box/public/*")
            let put = try await Self.set(server, policy)
            #expect(put.status == 204, "\(put.text)")
            #expect(try await server.get("/box", query: [("policy", "")]).text == policy)
            for _ in 0..<2 {
                let response = try await Self.anonymous(server, "GET", "/box/public/key")
                #expect(response.text == "hello")
                #expect(response.header("x-amz-request-id")?.count == 16)
            }
            #expect(try await Self.anonymous(server, "HEAD", "/box/public/key").status == 200)
            #expect(try await Self.anonymous(server, "GET", "/box/private").status == 403)
            #expect(try await Self.anonymous(server, "GET", "/box").status == 403)
            // Who may not list learns nothing of what is missing.
            #expect(try await Self.anonymous(server, "GET", "/box/public/none").status == 403)
            let overridden = try await Self.anonymous(server, "GET", "/box/public/key?response-content-type=a")
            #expect(overridden.status == 400)
            #expect(overridden.errorCode == "InvalidRequest")

            let both = """
                {"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",
                "Resource":"arn:aws:s3:::box/*"},
                {"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::box"}]}
                """
            #expect(try await Self.set(server, both).status == 204)
            #expect(try await Self.anonymous(server, "GET", "/box/public/none").errorCode == "NoSuchKey")
            #expect(try await Self.anonymous(server, "GET", "/box").elements("Key") == ["private", "public/key"])
            #expect(try await server.send(TestRequest("DELETE", "/box", query: [("policy", "")])).status == 204)
            #expect(try await Self.anonymous(server, "GET", "/box/public/key").status == 403)
            #expect(try await server.get("/box", query: [("policy", "")]).errorCode == "NoSuchBucketPolicy")
        }
    }

    @Test func `strangers may write and delete where a policy says so`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let policy = Self.allow(["s3:PutObject", "s3:DeleteObject"], on: "box/drop/*")
            #expect(try await Self.set(server, policy).status == 204)
            #expect(try await Self.anonymous(server, "PUT", "/box/drop/a", body: [1]).status == 200)
            #expect(try await Self.anonymous(server, "PUT", "/box/a", body: [1]).status == 403)
            try await server.put("/box/kept", "x")
            let tagged = TestRequest(
                "PUT",
                "/box/drop/b",
                headers: [("x-amz-tagging", "a=1")],
                body: [1],
                signing: .none
            )
            #expect(try await server.send(tagged).status == 403)
            let copy = TestRequest("PUT", "/box/drop/c", headers: [("x-amz-copy-source", "/box/kept")], signing: .none)
            #expect(try await server.send(copy).status == 403)
            let document = "<Delete><Object><Key>drop/a</Key></Object><Object><Key>kept</Key></Object></Delete>"
            let body = Array(document.utf8)
            let delete = try await server.send(
                TestRequest(
                    "POST",
                    "/box",
                    query: [("delete", "")],
                    headers: [("Content-MD5", Digests.md5(body))],
                    body: body,
                    signing: .none
                )
            )
            #expect(delete.status == 200, "\(delete.text)")
            #expect(delete.elements("Key") == ["drop/a", "kept"])
            #expect(delete.elements("Code") == ["AccessDenied"])
            #expect(try await server.get("/box/kept").status == 200)
            #expect(try await server.get("/box/drop/a").status == 404)
        }
    }

    @Test func `a policy may look at the tags an object has`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/open", "hello", headers: [("x-amz-tagging", "public=yes")])
            try await server.put("/box/shut", "secret", headers: [("x-amz-tagging", "public=no")])
            let policy = """
                {"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::box/*",
                "Condition":{"StringEquals":{"s3:ExistingObjectTag/public":"yes"}}}]}
                """
            #expect(try await Self.set(server, policy).status == 204)
            #expect(try await Self.anonymous(server, "GET", "/box/open").text == "hello")
            #expect(try await Self.anonymous(server, "GET", "/box/shut").status == 403)
            #expect(try await Self.anonymous(server, "GET", "/box/none").status == 403)
        }
    }

    @Test func `a stranger's copy needs the rights to read and to write`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/plain", "hello")
            try await server.put("/box/tagged", "hello", headers: [("x-amz-tagging", "a=1")])
            func copy(_ source: String) async throws -> Int {
                let headers = [("x-amz-copy-source", source)]
                return try await server.send(TestRequest("PUT", "/box/copy", headers: headers, signing: .none)).status
            }
            #expect(try await Self.set(server, Self.allow(["s3:PutObject"], on: "box/*")).status == 204)
            #expect(try await copy("/box/plain") == 403)
            #expect(
                try await Self.set(server, Self.allow(["s3:PutObject", "s3:GetObject"], on: "box/*")).status == 204
            )
            #expect(try await copy("/box/plain") == 200)
            #expect(try await copy("/box/tagged") == 403)
            let all = ["s3:PutObject", "s3:GetObject", "s3:PutObjectTagging", "s3:GetObjectTagging"]
            #expect(try await Self.set(server, Self.allow(all, on: "box/*")).status == 204)
            #expect(try await copy("/box/tagged") == 200)
        }
    }

    @Test func `a denial binds the root account, except for the policy itself`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            #expect(try await Self.set(server, Self.allow(["s3:*"], on: "box/*", effect: "Deny")).status == 204)
            #expect(try await server.get("/box/key").errorCode == "AccessDenied")
            #expect(try await server.send(TestRequest("PUT", "/box/key", body: [1])).status == 403)
            #expect(try await server.get("/box").status == 200)
            #expect(try await server.get("/box", query: [("policy", "")]).status == 200)
            #expect(try await server.send(TestRequest("DELETE", "/box", query: [("policy", "")])).status == 204)
            #expect(try await server.get("/box/key").text == "hello")
        }
    }

    @Test func `policies that can't be understood are refused`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let tooLarge = "{\"Statement\":\"" + String(repeating: "x", count: 21_000) + "\"}"
            for policy in [
                "", "{", "[]", "{\"Statement\":[]}x", Self.allow(["s3:GetObject"], on: "other/*"),
                Self.allow(["s3:Nothing"], on: "box/*"), Self.allow(["s3:GetObject"], on: "box"),
                Self.allow(["s3:GetObject"], on: "box/*", effect: "Perhaps"),
            ] {
                let response = try await Self.set(server, policy)
                #expect(response.status == 400, "\(policy)")
                #expect(response.errorCode == "MalformedPolicy", "\(policy): \(response.text)")
            }
            #expect(try await Self.set(server, tooLarge).errorCode == "PolicyTooLarge")
            #expect(try await server.get("/box", query: [("policy", "")]).errorCode == "NoSuchBucketPolicy")
        }
    }
}
