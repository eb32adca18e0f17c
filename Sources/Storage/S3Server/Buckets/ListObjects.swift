// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

extension S3Service {
    /// ListObjects and ListObjectsV2 (`spec/s3.md` §7.2).
    func listObjects(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        let isV2 = call.route.operation == .listObjectsV2
        let page = try ListPage(call, limitName: "max-keys")
        let start = isV2 ? try ContinuationToken.start(call) : Array((call.query.first("marker") ?? "").utf8)
        let result: ListResult
        do throws(StoreError) {
            result = try await store.listObjects(
                ListRequest(
                    bucket: bucket.name,
                    prefix: page.prefix,
                    delimiter: page.delimiter,
                    after: start,
                    limit: page.limit,
                )
            )
        } catch {
            throw call.refusal(error)
        }
        guard isV2 else {
            let marker = Array((call.query.first("marker") ?? "").utf8)
            return .xml(S3XML.listObjects(result, echo: page.echo(bucket, owner: owner), marker: marker))
        }
        let showsOwner = call.query.first("fetch-owner")?.lowercased() == "true"
        return .xml(
            S3XML.listObjectsV2(
                result,
                echo: page.echo(bucket, owner: showsOwner ? owner : nil),
                startAfter: call.query.first("start-after").map { Array($0.utf8) },
                continuationToken: call.query.first("continuation-token"),
                nextContinuationToken: result.next.map(ContinuationToken.make),
            )
        )
    }
}

/// The parameters that all listings share.
struct ListPage {
    static let limitMax = 1_000

    let prefix: [UInt8]
    /// Empty when there is none.
    let delimiter: [UInt8]
    let limit: Int
    let encodesKeys: Bool

    init(_ call: S3Call, limitName: String) throws(S3Error) {
        let query = call.query
        prefix = Array((query.first("prefix") ?? "").utf8)
        delimiter = Array((query.first("delimiter") ?? "").utf8)
        encodesKeys = try Self.encodesKeys(call)
        limit = try Self.limit(call, limitName)
    }

    static func encodesKeys(_ call: S3Call) throws(S3Error) -> Bool {
        switch call.query.first("encoding-type") {
        case nil, "": return false
        case "url": return true
        case let other?:
            throw .invalidArgument("Invalid Encoding Method specified in Request", name: "encoding-type", value: other)
        }
    }

    func echo(_ bucket: BucketInfo, owner: S3Owner?) -> S3XML.ListingEcho {
        S3XML.ListingEcho(
            bucket: bucket.name.string,
            prefix: prefix,
            delimiter: delimiter,
            limit: limit,
            encodesURL: encodesKeys,
            owner: owner,
        )
    }

    /// Larger pages than the largest are clamped; an empty value counts as none.
    static func limit(_ call: S3Call, _ name: String) throws(S3Error) -> Int {
        guard let text = call.query.first(name), !text.isEmpty else { return limitMax }
        guard let value = Int32(text), value >= 0, !text.hasPrefix("+") else {
            throw .invalidArgument(
                "Argument \(name) must be an integer between 0 and 2147483647",
                name: name,
                value: text
            )
        }
        return min(Int(value), limitMax)
    }
}

/// The opaque position of ListObjectsV2: base64 of the last key or prefix of the page before.
enum ContinuationToken {
    static func make(_ position: [UInt8]) -> String { Base64.encode(position) }

    static func start(_ call: S3Call) throws(S3Error) -> [UInt8] {
        guard let token = call.query.first("continuation-token"), !token.isEmpty else {
            return Array((call.query.first("start-after") ?? "").utf8)
        }
        guard let position = Base64.decode(token), !position.isEmpty else {
            throw .invalidArgument(
                "The continuation token provided is incorrect",
                name: "continuation-token",
                value: token
            )
        }
        return position
    }
}
