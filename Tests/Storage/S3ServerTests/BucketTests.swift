// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Server
import Testing

@Suite struct BucketTests {
    @Test func `a bucket is made, found, listed and removed`() async throws {
        try await TestServer.with { server in
            let created = try await server.send(TestRequest("PUT", "/alpha"))
            #expect(created.status == 200)
            #expect(created.header("location") == "/alpha")
            #expect(created.body.isEmpty)
            try await server.makeBucket("beta")

            let head = try await server.send(TestRequest("HEAD", "/alpha"))
            #expect(head.status == 200)
            #expect(head.header("x-amz-bucket-region") == "us-east-1")

            let list = try await server.get("/")
            #expect(list.status == 200)
            #expect(list.header("content-type") == "application/xml")
            #expect(list.text.contains("<ListAllMyBucketsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"))
            #expect(list.elements("Name") == ["alpha", "beta"])
            #expect(list.element("ID") == TestServer.ownerID)

            #expect(try await server.send(TestRequest("DELETE", "/alpha/")).status == 204)
            #expect(try await server.send(TestRequest("HEAD", "/alpha")).status == 404)
            #expect(try await server.get("/").elements("Name") == ["beta"])
        }
    }

    @Test func `bucket operations are refused with the code of the table`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("full")
            try await server.put("/full/key", "x")
            let location =
                "<CreateBucketConfiguration><LocationConstraint>mars-1</LocationConstraint></CreateBucketConfiguration>"
            let table: [(request: TestRequest, status: Int, code: String)] = [
                (TestRequest("GET", "/missing"), 404, "NoSuchBucket"),
                (TestRequest("DELETE", "/missing"), 404, "NoSuchBucket"),
                (TestRequest("PUT", "/missing/key", body: [1]), 404, "NoSuchBucket"),
                (TestRequest("DELETE", "/full"), 409, "BucketNotEmpty"),
                (TestRequest("PUT", "/Bad_Name"), 400, "InvalidBucketName"),
                (TestRequest("PUT", "/ab"), 400, "InvalidBucketName"),
                (TestRequest("PUT", "/192.168.0.1"), 400, "InvalidBucketName"),
                (TestRequest("PUT", "/other", body: Array(location.utf8)), 400, "InvalidLocationConstraint"),
                (TestRequest("PUT", "/other", body: Array("<Create".utf8)), 400, "MalformedXML"),
                (TestRequest("PATCH", "/full"), 405, "MethodNotAllowed"),
                (TestRequest("PUT", "/"), 405, "MethodNotAllowed"),
                (TestRequest("POST", "/full"), 412, "PreconditionFailed"),
                (TestRequest("GET", "/", query: [("max-buckets", "0")]), 400, "InvalidArgument"),
                (TestRequest("GET", "/", query: [("max-buckets", "10001")]), 400, "InvalidArgument"),
                (
                    TestRequest("GET", "/full", headers: [("x-amz-expected-bucket-owner", "210987654321")]), 403,
                    "AccessDenied"
                ),
            ]
            for row in table {
                let response = try await server.send(row.request)
                #expect(response.status == row.status, "\(row.request.method) \(row.request.path): \(response.text)")
                #expect(response.errorCode == row.code, "\(row.request.method) \(row.request.path): \(response.text)")
                #expect(response.element("RequestId") == response.header("x-amz-request-id"))
                #expect(response.element("HostId") == response.header("x-amz-id-2"))
            }
        }
    }

    @Test func `creating an own bucket again succeeds in the oldest region and nowhere else`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("again")
            #expect(try await server.send(TestRequest("PUT", "/again")).status == 200)
        }
        try await TestServer.with({ $0.region = "eu-west-1" }) { server in
            try await server.makeBucket("again")
            let second = try await server.send(TestRequest("PUT", "/again"))
            #expect(second.status == 409)
            #expect(second.errorCode == "BucketAlreadyOwnedByYou")
            #expect(second.element("BucketName") == "again")
        }
    }

    @Test(arguments: [("us-east-1", ""), ("eu-west-1", "eu-west-1")])
    func `the location is the region, and nothing for the oldest one`(region: String, shown: String) async throws {
        try await TestServer.with({ $0.region = region }) { server in
            try await server.makeBucket("here")
            let response = try await server.get("/here", query: [("location", "")])
            #expect(response.status == 200)
            if shown.isEmpty {
                #expect(!response.text.contains("us-east-1"))
            } else {
                #expect(response.text.contains(">\(shown)</LocationConstraint>"))
            }
        }
    }

    @Test func `buckets are listed in pages`() async throws {
        try await TestServer.with { server in
            for name in ["aa1", "aa2", "aa3", "bb1"] { try await server.makeBucket(name) }
            let first = try await server.get("/", query: [("max-buckets", "2"), ("prefix", "aa")])
            #expect(first.elements("Name") == ["aa1", "aa2"])
            let token = try #require(first.element("ContinuationToken"))
            let second = try await server.get(
                "/",
                query: [("max-buckets", "2"), ("prefix", "aa"), ("continuation-token", token)]
            )
            #expect(second.elements("Name") == ["aa3"])
            #expect(second.element("ContinuationToken") == nil)
            #expect(try await server.get("/", query: [("bucket-region", "mars-1")]).elements("Name").isEmpty)
        }
    }

    @Test func `configurations that can't be set read as never set`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("plain")
            let missing = [
                ("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
                ("ownershipControls", "OwnershipControlsNotFoundError"),
                ("object-lock", "ObjectLockConfigurationNotFoundError"),
                ("encryption", "ServerSideEncryptionConfigurationNotFoundError"),
                ("tagging", "NoSuchTagSet"),
                ("cors", "NoSuchCORSConfiguration"),
                ("lifecycle", "NoSuchLifecycleConfiguration"),
                ("website", "NoSuchWebsiteConfiguration"),
                ("replication", "ReplicationConfigurationNotFoundError"),
                ("policy", "NoSuchBucketPolicy"),
            ]
            for (name, code) in missing {
                let response = try await server.get("/plain", query: [(name, "")])
                #expect(response.status == 404, "\(name)")
                #expect(response.errorCode == code)
                #expect(response.element("BucketName") == "plain")
            }
            for (name, root) in [
                ("versioning", "VersioningConfiguration"), ("notification", "NotificationConfiguration"),
                ("logging", "BucketLoggingStatus"), ("accelerate", "AccelerateConfiguration"),
            ] {
                let response = try await server.get("/plain", query: [(name, "")])
                #expect(response.status == 200, "\(name)")
                #expect(
                    response.text.hasSuffix("<\(root) xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></\(root)>")
                )
            }
            let payment = try await server.get("/plain", query: [("requestPayment", "")])
            #expect(payment.element("Payer") == "BucketOwner")
        }
    }

    @Test func `an ACL shows the owner's full control`() async throws {
        try await TestServer.with { server in
            try await server.makeBucket("owned")
            try await server.put("/owned/key", "x")
            for path in ["/owned", "/owned/key"] {
                let response = try await server.get(path, query: [("acl", "")])
                #expect(response.status == 200)
                #expect(response.element("Permission") == "FULL_CONTROL")
                #expect(response.elements("ID") == [TestServer.ownerID, TestServer.ownerID])
                #expect(response.text.contains("xsi:type=\"CanonicalUser\""))
            }
            #expect(try await server.get("/owned/none", query: [("acl", "")]).errorCode == "NoSuchKey")
        }
    }
}
