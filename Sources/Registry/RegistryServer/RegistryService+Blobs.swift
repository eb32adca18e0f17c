// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import OCIModel
import RegistryStore
import StorageTypes

/// Reading and deleting blobs (`spec/registry.md` §4, §9).
extension RegistryService {
    func digest(_ text: String?) throws(RegistryError) -> OCIDigest {
        guard let text, let digest = OCIDigest(text) else { throw .digestInvalid(text) }
        return digest
    }

    func blob(
        _ name: RepositoryName,
        _ digestText: String,
        _ request: HTTPRequest
    ) async throws(RegistryError) -> Answer {
        let digest = try digest(digestText)
        guard let object = try await store.blob(digest, in: name) else {
            throw RegistryError(.blobUnknown, detail: digest.description)
        }
        return blobAnswer(object, digest, request)
    }

    func deleteBlob(_ name: RepositoryName, _ digestText: String) async throws(RegistryError) -> Answer {
        try await store.deleteBlob(try digest(digestText), in: name)
        return Answer(202)
    }

    private func blobAnswer(_ object: any OpenedObject, _ digest: OCIDigest, _ request: HTTPRequest) -> Answer {
        let size = object.info.size
        let isHead = request.method == .head
        if matches(request.headers.joined("if-none-match"), digest) {
            var answer = Answer(304)
            describe(digest, in: &answer)
            return answer
        }
        var ranges = ByteRanges.whole
        if !isHead, let header = request.headers.joined("range") {
            let condition = request.headers.first("if-range")
            let isCurrent = condition.map { matches($0, digest) } ?? true
            if isCurrent { ranges = ByteRanges(header: header, size: size) }
        }
        var answer: Answer
        switch ranges {
        case .whole:
            answer = Answer(200, isHead ? .announced(size) : Self.content(object, 0..<size))
            answer.head.add("Content-Type", MediaType.octetStream)
        case .single(let range):
            answer = Answer(206, Self.content(object, range))
            answer.head.add("Content-Type", MediaType.octetStream)
            answer.head.add("Content-Range", Self.contentRange(range, size))
        case .several(let ranges):
            let boundary = Hex.encode(
                (0..<2).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }
            )
            answer = Answer(206, .blob(Self.multipart(object, ranges, boundary)))
            answer.head.add("Content-Type", "multipart/byteranges; boundary=" + boundary)
        case .unsatisfiable:
            answer = Answer(RegistryError(.rangeInvalid, "the blob has no such range"), isHead: isHead)
            answer.head.add("Content-Range", "bytes */\(size)")
            return answer
        }
        describe(digest, in: &answer)
        answer.head.add("Accept-Ranges", "bytes")
        return answer
    }

    private func describe(_ digest: OCIDigest, in answer: inout Answer) {
        let text = digest.description
        answer.head.add("Docker-Content-Digest", text)
        answer.head.add("ETag", "\"" + text + "\"")
        answer.head.add("Cache-Control", "private, max-age=31536000, immutable")
    }

    /// Whether a list of entity tags, quoted or not, names the digest.
    func matches(_ header: String?, _ digest: OCIDigest) -> Bool {
        guard let header else { return false }
        let text = digest.description
        return header.split(separator: ",").contains { piece in
            var tag = piece.drop { $0 == " " || $0 == "\t" }
            if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
            let bare = tag.filter { $0 != "\"" && $0 != " " && $0 != "\t" }
            return bare == text || bare == "*"
        }
    }

    private static func content(_ object: any OpenedObject, _ range: Range<UInt64>) -> Answer.Content {
        .blob(BlobContent(object: object, parts: [(nil, range)]))
    }

    private static func contentRange(_ range: Range<UInt64>, _ size: UInt64) -> String {
        "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
    }

    /// RFC 9110 §14.6: a part per range, in the order asked for.
    private static func multipart(
        _ object: any OpenedObject,
        _ ranges: [Range<UInt64>],
        _ boundary: String
    ) -> BlobContent {
        var content = BlobContent(object: object, parts: [])
        content.parts.reserveCapacity(ranges.count)
        for (index, range) in ranges.enumerated() {
            let prefix =
                (index == 0 ? "" : "\r\n") + "--\(boundary)\r\nContent-Type: \(MediaType.octetStream)\r\n"
                + "Content-Range: \(contentRange(range, object.info.size))\r\n\r\n"
            content.parts.append((ByteBuffer(string: prefix), range))
        }
        content.suffix = ByteBuffer(string: "\r\n--\(boundary)--\r\n")
        return content
    }
}
