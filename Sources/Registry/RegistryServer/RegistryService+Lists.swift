// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import OCIModel
import RegistryStore
import StorageTypes

/// Lists of tags, repositories and referrers (`spec/registry.md` §7, §8).
extension RegistryService {
    private static var pageCountMax: Int { 10_000 }
    private static var catalogCount: Int { 1_000 }
    private static var referrerCountMax: Int { 1_000 }
    /// containerd reads no more than about 4 MiB of a list.
    private static var referrerByteCountMax: Int { 3 << 20 }

    func tags(_ name: RepositoryName, _ query: RequestQuery) async throws(RegistryError) -> Answer {
        let limit = try query.count("n", atMost: Self.pageCountMax) ?? Self.pageCountMax
        let page = try await store.tags(of: name, after: query.first("last") ?? "", limit: limit)
        var object = JSONObject()
        object.append("name", .string(name.string))
        object.append("tags", .array(page.names.map { .string($0) }))
        var answer = Answer(200, json: JSONValue.object(object).encoded())
        if page.hasMore, let last = page.names.last {
            answer.head.add("Link", Self.link("/v2/\(name)/tags/list", [("n", "\(limit)"), ("last", last)]))
        }
        return answer
    }

    func catalog(_ query: RequestQuery) async throws(RegistryError) -> Answer {
        let limit = try query.count("n", atMost: Self.pageCountMax) ?? Self.catalogCount
        let page = try await store.catalog(after: query.first("last") ?? "", limit: limit)
        let object = JSONValue.object(["repositories": .array(page.names.map { .string($0) })])
        var answer = Answer(200, json: object.encoded())
        if page.hasMore, let last = page.names.last {
            answer.head.add("Link", Self.link("/v2/_catalog", [("n", "\(limit)"), ("last", last)]))
        }
        return answer
    }

    /// Always 200 for a digest that can be one, also where there is no such repository.
    func referrers(
        _ name: RepositoryName,
        _ digestText: String,
        _ query: RequestQuery
    ) async throws(RegistryError) -> Answer {
        let subject = try digest(digestText)
        let filter = query.first("artifactType").flatMap { $0.isEmpty ? nil : $0 }
        var rest = try await store.referrers(of: subject, in: name)[...]
        if let cursor = query.first("cursor"), let place = rest.firstIndex(where: { $0.digest.description == cursor }) {
            rest = rest[(place + 1)...]
        }
        var body = Array(#"{"schemaVersion":2,"mediaType":"\#(MediaType.imageIndex)","manifests":["#.utf8)
        var count = 0
        var last: OCIDigest?
        while let entry = rest.first {
            let isFull = count == Self.referrerCountMax || body.count + entry.json.count > Self.referrerByteCountMax
            if isFull, count > 0 { break }
            rest = rest.dropFirst()
            last = entry.digest
            if let filter, (try? JSONValue(parsing: entry.json))?["artifactType"]?.string != filter { continue }
            if count > 0 { body.append(UInt8(ascii: ",")) }
            body.append(contentsOf: entry.json)
            count += 1
        }
        body.append(contentsOf: "]}".utf8)
        let entityTag = RunningDigest.digest(.sha256, of: body)
        var answer = Answer(200, json: body, mediaType: MediaType.imageIndex)
        answer.head.add("ETag", "\"\(entityTag)\"")
        if filter != nil { answer.head.add("OCI-Filters-Applied", "artifactType") }
        if !rest.isEmpty, let last {
            let parameters = (filter.map { [("artifactType", $0)] } ?? []) + [("cursor", last.description)]
            answer.head.add("Link", Self.link("/v2/\(name)/referrers/\(subject)", parameters))
        }
        return answer
    }

    private static func link(_ path: String, _ parameters: [(name: String, value: String)]) -> String {
        let query = parameters.map { $0.name + "=" + PercentEncoding.encode($0.value.utf8, keepsSlash: false) }
        return "<\(path)?\(query.joined(separator: "&"))>; rel=\"next\""
    }
}
