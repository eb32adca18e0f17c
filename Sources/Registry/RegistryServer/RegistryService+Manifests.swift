// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import OCIModel
import RegistryStore
import StorageTypes

/// Manifests by tag and by digest (`spec/registry.md` §6, §9).
extension RegistryService {
    func manifest(
        _ name: RepositoryName,
        _ referenceText: String,
        _ request: HTTPRequest
    ) async throws(RegistryError) -> Answer {
        let reference = try Reference(referenceText)
        guard let stored = try await store.manifest(reference, in: name) else {
            throw try await missingManifest(reference, name)
        }
        return manifestAnswer(stored, reference, request)
    }

    func manifestAnswer(_ stored: StoredManifest, _ reference: Reference, _ request: HTTPRequest) -> Answer {
        let size = stored.object.info.size
        var answer: Answer
        if matches(request.headers.joined("if-none-match"), stored.digest) {
            answer = Answer(304)
        } else if request.method == .head {
            answer = Answer(200, .announced(size))
        } else {
            answer = Answer(200, .blob(BlobContent(object: stored.object, parts: [(nil, 0..<size)])))
        }
        let digest = stored.digest.description
        if answer.head.status == 200 { answer.head.add("Content-Type", stored.mediaType) }
        answer.head.add("Docker-Content-Digest", digest)
        answer.head.add("ETag", "\"" + digest + "\"")
        switch reference {
        case .digest: answer.head.add("Cache-Control", "private, max-age=31536000, immutable")
        case .tag: answer.head.add("Cache-Control", "no-cache")
        }
        return answer
    }

    func putManifest(
        _ name: RepositoryName,
        _ referenceText: String,
        _ query: RequestQuery,
        _ exchange: HTTPExchange
    ) async throws(RegistryError) -> Answer {
        let reference = try Reference(referenceText)
        let tags = try self.tags(reference, query)
        let bytes = try await manifestBytes(exchange)
        let digest: OCIDigest
        let condition: RegistryStore<Store>.TagCondition
        switch reference {
        case .tag:
            digest = RunningDigest.digest(.sha256, of: bytes)
            condition = Self.tagCondition(exchange.request)
        case .digest(let named):
            digest = named
            condition = .none
        }
        let manifest = try await store.putManifest(
            bytes,
            contentType: exchange.request.headers.first("content-type"),
            as: digest,
            tags: tags,
            condition: condition,
            in: name,
        )
        var answer = Answer(201)
        answer.head.add("Location", "/v2/\(name)/manifests/\(digest)")
        answer.head.add("Docker-Content-Digest", digest.description)
        if let subject = manifest.subject { answer.head.add("OCI-Subject", subject.digest.description) }
        if case .digest = reference, !tags.isEmpty {
            answer.head.add("OCI-Tag", tags.map(\.string).joined(separator: ", "))
        }
        return answer
    }

    func deleteManifest(
        _ name: RepositoryName,
        _ referenceText: String,
        _ query: RequestQuery
    ) async throws(RegistryError) -> Answer {
        let reference = try Reference(referenceText)
        do {
            switch reference {
            case .tag(let tag): try await store.deleteTag(tag, in: name)
            case .digest(let digest):
                try await store.deleteManifest(digest, in: name, isForced: query.first("force") == "1")
            }
        } catch {
            guard error.code == .manifestUnknown else { throw error }
            throw try await missingManifest(reference, name)
        }
        return Answer(202)
    }

    private func missingManifest(
        _ reference: Reference,
        _ name: RepositoryName
    ) async throws(RegistryError) -> RegistryError {
        guard try await store.repositoryExists(name) else { return RegistryError(.nameUnknown, detail: name.string) }
        return RegistryError(.manifestUnknown, detail: reference.description)
    }

    /// The tags to set: the reference itself, or those of the query beside a digest.
    private func tags(_ reference: Reference, _ query: RequestQuery) throws(RegistryError) -> [Tag] {
        if case .tag(let tag) = reference { return [tag] }
        let texts = query.all("tag")
        guard texts.count <= store.configuration.tagsPerPutMax else {
            let limit = store.configuration.tagsPerPutMax
            throw RegistryError(.unsupported, "more than \(limit) tags in one request", status: 414)
        }
        var seen: Set<Tag> = []
        var tags: [Tag] = []
        for text in texts {
            guard let tag = Tag(text) else { throw RegistryError(.manifestInvalid, "invalid tag", detail: text) }
            if seen.insert(tag).inserted { tags.append(tag) }
        }
        return tags
    }

    private func manifestBytes(_ exchange: HTTPExchange) async throws(RegistryError) -> [UInt8] {
        let limit = store.configuration.manifestByteCountMax
        if let announced = exchange.request.contentLength, announced > UInt64(limit) {
            throw ManifestValidator.tooLarge(limit: limit)
        }
        do throws(HTTPExchangeError) {
            return Array(try await exchange.collectBody(byteCountMax: limit).readableBytesView)
        } catch {
            switch error {
            case .bodyTooLarge: throw ManifestValidator.tooLarge(limit: limit)
            case .disconnected, .malformedBody: throw RegistryError(.manifestInvalid, "the body can't be read")
            case .timedOut: throw RegistryError(.manifestInvalid, "the body took too long to arrive", status: 408)
            }
        }
    }

    private static func tagCondition(_ request: HTTPRequest) -> RegistryStore<Store>.TagCondition {
        if let match = request.headers.joined("if-match") {
            return .pointsAt(match.split(separator: ",").map { $0.filter { $0 != "\"" && $0 != " " } })
        }
        if request.headers.first("if-none-match") == "*" { return .absent }
        return .none
    }
}
