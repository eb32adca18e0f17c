// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import OCIModel
import RegistryStore
import StorageTypes

/// Uploading blobs (`spec/registry.md` §5).
extension RegistryService {
    /// A mount if it can be, else a whole blob if it came along, else a session.
    func startUpload(
        _ name: RepositoryName,
        _ query: RequestQuery,
        _ exchange: HTTPExchange
    ) async throws(RegistryError) -> Answer {
        if let mount = query.first("mount") {
            let digest = try digest(mount)
            // A source that can't be a name counts as none given.
            let source = query.first("from").flatMap { RepositoryName($0) }
            if try await store.mount(digest, from: source, into: name) { return created(name, [digest]) }
        } else if query.first("digest") != nil {
            var digests: [OCIDigest] = []
            for text in query.all("digest") { digests.append(try digest(text)) }
            let request = exchange.request
            if request.hasBody || digests.allSatisfy({ $0 == Self.emptyDigest($0.algorithm) }) {
                try await store.putBlob(
                    digests,
                    in: name,
                    contentLength: request.contentLength,
                    body: ExchangeBody(exchange),
                )
                return created(name, digests)
            }
            var isHere = true
            for digest in digests where isHere { isHere = try await store.blob(digest, in: name) != nil }
            if isHere { return created(name, digests) }
        }
        var algorithm = OCIDigest.Algorithm.sha256
        if let text = query.first("digest-algorithm") {
            guard let known = OCIDigest.Algorithm(rawValue: text) else { throw .digestInvalid(text) }
            algorithm = known
        }
        let status = try await store.startUpload(in: name, algorithm: algorithm)
        var answer = Answer(202)
        describe(status, of: name, in: &answer)
        return answer
    }

    func uploadStatus(_ name: RepositoryName, _ id: String) async throws(RegistryError) -> Answer {
        let status = try await store.uploadStatus(id, in: name)
        var answer = Answer(204)
        describe(status, of: name, in: &answer)
        return answer
    }

    func patchUpload(
        _ name: RepositoryName,
        _ id: String,
        _ exchange: HTTPExchange
    ) async throws(RegistryError) -> Answer {
        let request = exchange.request
        do {
            let status = try await store.append(
                id,
                in: name,
                range: try Self.chunkRange(request),
                contentLength: request.contentLength,
                body: ExchangeBody(exchange),
            )
            var answer = Answer(202)
            describe(status, of: name, in: &answer)
            return answer
        } catch {
            return try await outOfOrder(error, name, id, request)
        }
    }

    func finishUpload(
        _ name: RepositoryName,
        _ id: String,
        _ query: RequestQuery,
        _ exchange: HTTPExchange
    ) async throws(RegistryError) -> Answer {
        let request = exchange.request
        var digests: [OCIDigest] = []
        for text in query.all("digest") { digests.append(try digest(text)) }
        guard !digests.isEmpty else { throw .digestInvalid(nil) }
        do {
            try await store.finish(
                id,
                in: name,
                digests: digests,
                range: request.hasBody ? try Self.chunkRange(request) : nil,
                contentLength: request.contentLength,
                body: request.hasBody ? ExchangeBody(exchange) : nil,
            )
            return created(name, digests)
        } catch {
            return try await outOfOrder(error, name, id, request)
        }
    }

    /// A 416 says where the session stands; other refusals go on as they are.
    private func outOfOrder(
        _ error: RegistryError,
        _ name: RepositoryName,
        _ id: String,
        _ request: HTTPRequest
    ) async throws(RegistryError) -> Answer {
        guard error.code == .rangeInvalid else { throw error }
        let status = try await store.uploadStatus(id, in: name)
        var answer = refusal(error, of: request)
        describe(status, of: name, in: &answer)
        return answer
    }

    private func created(_ name: RepositoryName, _ digests: [OCIDigest]) -> Answer {
        var answer = Answer(201)
        let digest = digests.first?.description ?? ""
        answer.head.add("Location", "/v2/\(name)/blobs/\(digest)")
        answer.head.add("Docker-Content-Digest", digest)
        return answer
    }

    /// `0-0` stands for nothing as well as for one byte: whoever starts at zero does not care.
    private func describe(_ status: UploadStatus, of name: RepositoryName, in answer: inout Answer) {
        answer.head.add("Location", "/v2/\(name)/blobs/uploads/\(status.id)")
        answer.head.add("Range", "0-\(max(status.offset, 1) - 1)")
        answer.head.add("Docker-Upload-UUID", status.id)
    }

    /// `a-b`, as the specification has it, or HTTP's `bytes a-b/…`.
    static func chunkRange(_ request: HTTPRequest) throws(RegistryError) -> ChunkRange? {
        guard let header = request.headers.first("content-range") else { return nil }
        var text = header.utf8[...]
        if text.starts(with: "bytes ".utf8) {
            text = text.dropFirst(6)
            text = text.prefix { $0 != UInt8(ascii: "/") }
        }
        let ends = text.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, let first = number(ends[0]), let last = number(ends[1]) else {
            throw RegistryError(.blobUploadInvalid, "Content-Range can't be read", detail: header)
        }
        return ChunkRange(first: first, last: last)
    }

    private static func number(_ digits: Substring.UTF8View) -> UInt64? {
        guard !digits.isEmpty, digits.count <= 18, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt64(Substring(digits))
    }

    private static func emptyDigest(_ algorithm: OCIDigest.Algorithm) -> OCIDigest {
        RunningDigest(algorithm).digest
    }
}
