// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import S3Protocol
import StorageTypes

/// A request's body as the store reads it: without aws-chunked framing, with its length, chunk signatures and trailers
/// checked at the end. Pulling the first piece is what sends "100 Continue".
///
/// Confined to the connection's event loop, as the exchange is.
final class UploadBody: ObjectBody {
    enum Kind {
        /// An object's bytes: their number must be announced.
        case content(byteCountMax: UInt64)
        /// A document: a request without one is a request with an empty one.
        case document(byteCountMax: Int)
    }

    /// The number of decoded bytes announced; nil when the client did not say.
    let size: UInt64?
    private let exchange: HTTPExchange
    private let checksums: ChecksumHeaders
    private var decoder: ChunkedPayloadDecoder?
    private var trailers: [PayloadTrailer] = []
    private var receivedCount: UInt64 = 0
    /// Why reading failed, in the words of the protocol; more exact than the `StoreError` that went through the store.
    private(set) var failure: S3Error?

    /// Looks at headers only.
    ///
    /// - Throws: `missingContentLength`, `entityTooLarge`, `maxMessageLengthExceeded`, what `ChecksumHeaders` throws.
    init(_ call: S3Call, kind: Kind, headers: S3Headers? = nil) throws(S3Error) {
        let payload = call.caller.payload
        exchange = call.exchange
        checksums = try ChecksumHeaders(headers: headers ?? call.headers, payload: payload)
        size = try Self.announcedSize(call, kind)
        if let size { try Self.checkSize(size, kind) }
        guard payload.isChunked else { return }
        decoder = try ChunkedPayloadDecoder(
            coding: payload,
            decodedLength: size ?? 0,
            announcedTrailers: checksums.trailerNames,
            signing: call.caller.chunkSigning,
        )
    }

    /// The client sent a Content-MD5 or a checksum, or announced one.
    var announcesDigest: Bool { checksums.coversBody }

    /// What the store computes while it reads.
    func digests(default algorithm: ChecksumAlgorithm?) -> DigestRequest {
        var request = checksums.digestRequest
        if request.checksum == nil { request.checksum = algorithm }
        return request
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        while true {
            if let piece = try nextDecoded() { return piece }
            guard let buffer = try await receive() else {
                try finish()
                return nil
            }
            guard buffer.readableBytes > 0 else { continue }
            if decoder != nil {
                decoder?.feed(buffer)
            } else {
                receivedCount += UInt64(buffer.readableBytes)
                if let size, receivedCount > size { throw fail(incomplete) }
                return buffer
            }
        }
    }

    func expectations() throws(StoreError) -> ContentExpectations {
        do throws(S3Error) {
            return try checksums.expectations(trailers: trailers)
        } catch {
            throw fail(error)
        }
    }

    private func nextDecoded() throws(StoreError) -> ByteBuffer? {
        do throws(S3Error) {
            return try decoder?.next() ?? nil
        } catch {
            throw fail(error)
        }
    }

    private func receive() async throws(StoreError) -> ByteBuffer? {
        do throws(HTTPExchangeError) {
            return try await exchange.readBody()
        } catch {
            switch error {
            case .timedOut: throw fail(S3Error(.requestTimeout))
            case .disconnected, .malformedBody, .bodyTooLarge: throw fail(incomplete)
            }
        }
    }

    private func finish() throws(StoreError) {
        do throws(S3Error) {
            if let trailers = try decoder?.finish() {
                self.trailers = trailers
            } else if let size, receivedCount != size {
                throw incomplete
            }
        } catch {
            throw fail(error)
        }
    }

    /// Remembers `error` for the answer; the store only needs to know that it must give up.
    private func fail(_ error: S3Error) -> StoreError {
        failure = error
        return StoreError(.incompleteBody, error.message)
    }

    private var incomplete: S3Error {
        S3Error(
            .incompleteBody,
            extras: [
                .init("NumberBytesExpected", "\(size ?? 0)"), .init("NumberBytesProvided", "\(receivedCount)"),
            ],
        )
    }

    // MARK: Length

    private static func announcedSize(_ call: S3Call, _ kind: Kind) throws(S3Error) -> UInt64? {
        let request = call.request
        if call.caller.payload.isChunked {
            // Decoded and encoded length differ, so only this header can say how much content there is.
            return try PayloadCoding.decodedLength(call.headers)
        }
        if let length = request.contentLength { return length }
        switch kind {
        case .content:
            // Plain chunked transfer says nothing about the size before its end.
            return try PayloadCoding.decodedLength(call.headers)
        case .document:
            return request.isChunked ? nil : 0
        }
    }

    private static func checkSize(_ size: UInt64, _ kind: Kind) throws(S3Error) {
        switch kind {
        case .content(let byteCountMax):
            guard size > byteCountMax else { return }
            throw S3Error(
                .entityTooLarge,
                extras: [.init("ProposedSize", "\(size)"), .init("MaxSizeAllowed", "\(byteCountMax)")],
            )
        case .document(let byteCountMax):
            guard size > UInt64(byteCountMax) else { return }
            throw S3Error(.maxMessageLengthExceeded, extras: [.init("MaxMessageLengthBytes", "\(byteCountMax)")])
        }
    }
}
