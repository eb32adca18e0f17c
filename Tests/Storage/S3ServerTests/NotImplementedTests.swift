// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct NotImplementedTests {
    @Test func `what AWS knows and this server does not is refused by name`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            let bucketRows: [(String, [String])] = [
                ("acl", ["PUT"]), ("policyStatus", ["GET"]), ("publicAccessBlock", ["PUT", "DELETE"]),
                ("ownershipControls", ["PUT", "DELETE"]), ("versioning", ["PUT"]), ("object-lock", ["PUT"]),
                ("encryption", ["PUT", "DELETE"]), ("tagging", ["PUT", "DELETE"]), ("cors", ["PUT", "DELETE"]),
                ("lifecycle", ["PUT", "DELETE"]), ("notification", ["PUT"]), ("logging", ["PUT"]),
                ("website", ["PUT", "DELETE"]), ("replication", ["PUT", "DELETE"]), ("requestPayment", ["PUT"]),
                ("accelerate", ["PUT"]), ("inventory", ["GET", "PUT", "DELETE"]),
                ("metrics", ["GET", "PUT", "DELETE"]),
                ("analytics", ["GET", "PUT", "DELETE"]), ("intelligent-tiering", ["GET", "PUT", "DELETE"]),
                ("abac", ["GET", "PUT"]), ("metadataConfiguration", ["GET", "POST", "DELETE"]),
                ("metadataTable", ["GET", "POST", "DELETE"]), ("metadataJournalTable", ["PUT"]),
                ("metadataInventoryTable", ["PUT"]), ("metadataAnnotationTable", ["PUT"]), ("session", ["GET"]),
                ("versions", ["GET"]),
            ]
            let objectRows: [(String, [String])] = [
                ("acl", ["PUT"]), ("tagging", ["PUT", "DELETE"]), ("retention", ["GET", "PUT"]),
                ("legal-hold", ["GET", "PUT"]), ("attributes", ["GET"]), ("torrent", ["GET"]), ("restore", ["POST"]),
                ("select", ["POST"]), ("renameObject", ["PUT"]), ("encryption", ["PUT"]),
                ("annotation", ["GET", "PUT", "DELETE"]),
            ]
            for (path, rows) in [("/box", bucketRows), ("/box/key", objectRows)] {
                for (name, methods) in rows {
                    for method in methods {
                        let response = try await server.send(TestRequest(method, path, query: [(name, "")]))
                        #expect(
                            response.status == 501,
                            "\(method) \(path)?\(name): \(response.status) \(response.text)"
                        )
                        #expect(response.errorCode == "NotImplemented")
                        #expect(response.elements("Resource") == [name])
                    }
                    let wrong = methods.contains("PATCH") ? "GET" : "PATCH"
                    let refused = try await server.send(TestRequest(wrong, path, query: [(name, "")]))
                    #expect(refused.status == 405, "\(wrong) \(path)?\(name)")
                    #expect(refused.header("allow") != nil)
                }
            }
            #expect(try await server.get("/box/key").text == "hello")
        }
    }

    @Test func `headers that ask for what can't be given are refused by name`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            try await server.put("/box/key", "hello")
            let writes = [
                ("x-amz-server-side-encryption", "AES256"), ("x-amz-server-side-encryption-aws-kms-key-id", "k"),
                ("x-amz-server-side-encryption-customer-algorithm", "AES256"), ("x-amz-object-lock-mode", "GOVERNANCE"),
                ("x-amz-object-lock-legal-hold", "ON"), ("x-amz-object-lock-retain-until-date", "2099-01-01T00:00:00Z"),
                ("x-amz-grant-read", "id=x"), ("x-amz-grant-full-control", "id=x"), ("x-amz-acl", "public-read"),
                ("x-amz-acl", "bucket-owner-read"), ("x-amz-write-offset-bytes", "5"),
            ]
            for (name, value) in writes {
                for request in [
                    TestRequest("PUT", "/box/new", headers: [(name, value)], body: [1]),
                    TestRequest("PUT", "/box/new", headers: [(name, value), ("x-amz-copy-source", "/box/key")]),
                    TestRequest("POST", "/box/new", query: [("uploads", "")], headers: [(name, value)]),
                ] {
                    let response = try await server.send(request)
                    #expect(response.status == 501, "\(request.method) \(name): \(response.text)")
                    #expect(response.element("Header") == name)
                }
            }
            #expect(try await server.get("/box/new").status == 404)
            let key = [("x-amz-server-side-encryption-customer-algorithm", "AES256")]
            #expect(try await server.get("/box/key", headers: key).status == 501)
            for (name, value) in [
                ("x-amz-bucket-object-lock-enabled", "true"), ("x-amz-acl", "public-read"),
                ("x-amz-grant-write", "id=x"),
                ("x-amz-object-ownership", "ObjectWriter"),
            ] {
                let response = try await server.send(TestRequest("PUT", "/new", headers: [(name, value)]))
                #expect(response.status == 501, "\(name)")
                #expect(response.element("Header") == name)
            }
            #expect(try await server.send(TestRequest("HEAD", "/new")).status == 404)
            for (name, value) in [("x-amz-acl", "private"), ("x-amz-acl", "bucket-owner-full-control")] {
                let response = try await server.send(
                    TestRequest("PUT", "/box/fine", headers: [(name, value)], body: [1])
                )
                #expect(response.status == 200, "\(value)")
            }
        }
    }

    @Test func `forms and the query protocol are refused by name`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            let form = [("Content-Type", "multipart/form-data; boundary=x")]
            let post = try await server.send(TestRequest("POST", "/box", headers: form, body: Array("--x--".utf8)))
            #expect(post.status == 501)
            #expect(post.element("Resource") == "POST Object")
            let action = [("Content-Type", "application/x-www-form-urlencoded")]
            let query = try await server.send(TestRequest("POST", "/", headers: action, body: Array("Action=X".utf8)))
            #expect(query.status == 501)
        }
    }

    @Test func `a preflight request finds no configuration`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("box")
            func ask(_ headers: [(String, String)]) async throws -> RawResponse {
                try await server.send(TestRequest("OPTIONS", "/box/key", headers: headers, signing: .none))
            }
            let whole = [("Origin", "http://a.test"), ("Access-Control-Request-Method", "PUT")]
            let refused = try await ask(whole)
            #expect(refused.status == 403)
            #expect(refused.errorCode == "AccessForbidden")
            #expect(refused.element("Method") == "PUT")
            #expect(try await ask([]).errorCode == "BadRequest")
            #expect(try await ask([("Origin", "http://a.test")]).errorCode == "BadRequest")
        }
    }
}
