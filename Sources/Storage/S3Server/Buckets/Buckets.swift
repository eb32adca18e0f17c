// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import S3Protocol
import StorageTypes

extension S3Service {
    /// CreateBucket (`spec/s3.md` §7.1).
    func createBucket(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let text = call.target.bucket ?? ""
        let name: BucketName
        do throws(StoreError) { name = try BucketName(text) } catch { throw call.refusal(error) }
        try await checkLocation(call)
        do throws(StoreError) {
            _ = try await store.createBucket(name, owner: configuration.ownerID, region: configuration.region)
        } catch {
            // The oldest region lets its clients create what they have; everybody else learns that it exists.
            guard error.code == .bucketAlreadyOwnedByYou, configuration.region == "us-east-1" else {
                throw call.refusal(error)
            }
        }
        var answer = S3Answer(status: 200)
        answer.head.add("Location", "/" + text)
        return answer
    }

    /// The body is optional; what it asks for beyond the region does not exist here.
    private func checkLocation(_ call: S3Call) async throws(S3Error) {
        let byteCountMax = S3XML.createBucketByteCountMax
        let document = try await readDocument(call, byteCountMax: byteCountMax)
        guard !document.isEmpty else { return }
        let root = try S3XML.document(document, root: "CreateBucketConfiguration", byteCountMax: byteCountMax)
        if root.first("Tags") != nil { throw .notImplemented(resource: "Tags") }
        guard let location = try S3XML.parseCreateBucket(document), location != configuration.region else { return }
        throw S3Error(
            .invalidLocationConstraint,
            "The specified location-constraint is not valid",
            extras: [.init("LocationConstraint", location)]
        )
    }

    /// Everything belongs to the account of the root credential.
    var owner: S3Owner { S3Owner(id: configuration.ownerID, displayName: configuration.ownerID) }

    func headBucket(_ call: S3Call) throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        var answer = S3Answer(status: 200)
        answer.head.add("x-amz-bucket-region", bucket.region)
        answer.head.add("x-amz-bucket-arn", "arn:aws:s3:::" + bucket.name.string)
        answer.head.add("x-amz-access-point-alias", "false")
        answer.head.add("Content-Type", "application/xml")
        return answer
    }

    func deleteBucket(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        do throws(StoreError) {
            try await store.deleteBucket(bucket.name)
        } catch {
            throw call.refusal(error)
        }
        return S3Answer(status: 204)
    }

    func getBucketLocation(_ call: S3Call) throws(S3Error) -> S3Answer {
        .xml(S3XML.location(try call.bucket().region))
    }

    /// ListBuckets: all of them, or pages by name.
    func listBuckets(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let limit = try call.number("max-buckets", in: 1...10_000)
        let prefix = call.query.first("prefix") ?? ""
        var start = ""
        if let token = call.query.first("continuation-token"), !token.isEmpty {
            guard let decoded = Base64.decode(token) else {
                throw .invalidArgument(
                    "The continuation token provided is incorrect",
                    name: "continuation-token",
                    value: token
                )
            }
            start = String(decoding: decoded, as: UTF8.self)
        }
        var buckets: [BucketInfo]
        do throws(StoreError) {
            buckets = try await store.listBuckets()
        } catch {
            throw call.refusal(error)
        }
        let region = call.query.first("bucket-region")
        buckets.removeAll {
            configuration.reservedBuckets.contains($0.name.string) || !$0.name.string.hasPrefix(prefix)
                || $0.name.string <= start || (region != nil && $0.region != region)
        }
        var token: String?
        if let limit, buckets.count > limit {
            buckets.removeLast(buckets.count - limit)
            token = buckets.last.map { Base64.encode(Array($0.name.string.utf8)) }
        }
        return .xml(
            S3XML.listBuckets(
                buckets,
                owner: owner,
                prefix: call.query.first("prefix"),
                continuationToken: token,
            )
        )
    }
}
