// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// An aws-chunked body, and a request that carries it; every part of it can be made wrong.
struct ChunkedBody: Sendable {
    enum Form: Sendable {
        case signed
        case signedTrailer
        case unsignedTrailer

        var name: String {
            switch self {
            case .signed: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
            case .signedTrailer: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
            case .unsignedTrailer: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
            }
        }

        var hasTrailer: Bool {
            switch self {
            case .signed: false
            case .signedTrailer, .unsignedTrailer: true
            }
        }
    }

    var form: Form
    var chunks: [[UInt8]]
    /// Sent behind the last chunk.
    var trailers: [(String, String)] = []
    /// What `x-amz-trailer` says; nil for the names of `trailers`, empty for no header.
    var announcedTrailer: String?
    /// What `x-amz-decoded-content-length` says; nil for the truth, empty for no header.
    var decodedLength: String?
    var lineEnd = "\r\n"
    /// The chunk whose signature is spoiled; one behind the last data chunk is the final chunk's.
    var spoiledChunk: Int?
    var spoilsTrailerSignature = false
    /// Changes the bytes after everything was signed.
    var tamper: @Sendable (inout [UInt8]) -> Void = { _ in }

    /// Head and body of a PUT to `path`.
    func request(
        _ path: String,
        headers: [(String, String)] = [],
        signing: TestRequest.Signing = .header,
        change: (inout TestRequest) -> Void = { _ in }
    ) -> (head: String, body: [UInt8]) {
        var request = TestRequest("PUT", path, headers: headers, signing: signing)
        request.payloadHash = form.name
        if case .none = signing { request.headers.append(("x-amz-content-sha256", form.name)) }
        let decodedLength = decodedLength ?? "\(chunks.reduce(0) { $0 + $1.count })"
        if !decodedLength.isEmpty { request.headers.append(("x-amz-decoded-content-length", decodedLength)) }
        let announced = announcedTrailer ?? trailers.map(\.0).joined(separator: ",")
        if !announced.isEmpty { request.headers.append(("x-amz-trailer", announced)) }
        change(&request)
        // The length of the framing does not depend on the signatures, so a first pass can measure it.
        if request.contentLength == nil {
            request.contentLength =
                "\(encoded(seed: String(repeating: "0", count: 64), TestSigner(now: TestClock().now())).count)"
        }
        let (head, seed, signer) = request.signed(at: TestClock().now())
        return (head, encoded(seed: seed, signer))
    }

    private func encoded(seed: String, _ signer: TestSigner) -> [UInt8] {
        var bytes: [UInt8] = []
        var previous = seed
        func chunk(_ index: Int, _ data: [UInt8]) {
            var line = String(data.count, radix: 16)
            if form != .unsignedTrailer {
                previous = signer.chunkSignature(previous: previous, data: data)
                if spoiledChunk == index { previous = String(previous.reversed()) }
                line += ";chunk-signature=" + previous
            }
            bytes += Array("\(line)\r\n".utf8)
            if !data.isEmpty { bytes += data + [13, 10] }
        }
        for (index, data) in chunks.enumerated() { chunk(index, data) }
        chunk(chunks.count, [])
        if form.hasTrailer {
            for (name, value) in trailers { bytes += Array("\(name):\(value)\(lineEnd)".utf8) }
            if form == .signedTrailer {
                let text = trailers.map { "\($0.0):\($0.1)\n" }.joined()
                var signature = signer.trailerSignature(previous: previous, trailer: text)
                if spoilsTrailerSignature { signature = String(signature.reversed()) }
                bytes += Array("x-amz-trailer-signature:\(signature)\(lineEnd)".utf8)
            }
        }
        bytes += [13, 10]
        tamper(&bytes)
        return bytes
    }
}

extension TestServer {
    func send(
        _ body: ChunkedBody,
        to path: String,
        headers: [(String, String)] = [],
        signing: TestRequest.Signing = .header,
        finishes: Bool = false
    ) async throws -> RawResponse {
        let (head, bytes) = body.request(path, headers: headers, signing: signing)
        return try await send(raw: Array(head.utf8) + bytes, finishes: finishes)
    }
}
