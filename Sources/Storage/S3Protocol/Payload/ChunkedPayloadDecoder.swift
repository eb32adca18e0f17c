// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Checksums
import StorageTypes

/// A line behind the last chunk.
package struct PayloadTrailer: Sendable, Hashable {
    /// Lower case.
    package let name: String
    /// Trimmed, never empty.
    package let value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Takes aws-chunked framing off a body and checks the signatures in it (`spec/s3.md` §3).
///
/// A state machine without I/O: `feed` what arrived, call `next` until it says nil, and `finish` at the end of the
/// transport's body. Bytes of a signed chunk may come out before its signature is known to be right; so what was
/// received counts only after `finish` returned. Slices share the fed buffers' storage. Memory: one line (≤ 1 KiB), the
/// trailers (≤ 16 KiB) and the buffer being read. After an error every call throws it again.
package struct ChunkedPayloadDecoder {
    package static let lineByteCountMax = 1_024
    package static let trailerByteCountMax = 16 * 1_024
    /// Every chunk but the last must have as much.
    package static let chunkByteCountMin: UInt64 = 8_192

    enum State {
        case sizeLine
        /// Bytes still to come of the chunk.
        case data(UInt64)
        /// The line end behind a chunk's data.
        case dataEnd
        /// The line end behind the last chunk where no trailers follow.
        case lastLine
        case trailers
        /// One stray line end is let pass: some SDKs send one too many.
        case finished
        case failed(S3Error)
    }

    let coding: PayloadCoding
    let decodedLength: UInt64
    let announcedTrailers: [String]
    var signer: ChunkSigner?

    var state = State.sizeLine
    private var input = ByteBuffer()
    var line: [UInt8] = []
    var decodedCount: UInt64 = 0
    private var chunkIndex = 0
    private var chunkSize: UInt64 = 0
    var trailers: [PayloadTrailer] = []
    var trailerByteCount = 0
    var hasTrailerSignature = false

    /// - Parameters:
    ///   - coding: one of the chunked forms.
    ///   - decodedLength: `x-amz-decoded-content-length`.
    ///   - announcedTrailers: the names in `x-amz-trailer`, lower case; ignored where the form has no trailer.
    ///   - signing: from the authenticated request; needed for the signed forms.
    /// - Throws: `malformedTrailerError` when a form with a trailer announces none.
    package init(
        coding: PayloadCoding,
        decodedLength: UInt64,
        announcedTrailers: [String],
        signing: ChunkSigningContext?
    ) throws(S3Error) {
        precondition(coding.isChunked, "a plain body needs no decoder")
        self.coding = coding
        self.decodedLength = decodedLength
        self.announcedTrailers = coding.hasTrailer ? announcedTrailers : []
        if coding.hasTrailer, announcedTrailers.isEmpty { throw S3Error(.malformedTrailerError) }
        if coding.isSigned {
            guard let signing else {
                throw S3Error(.accessDenied, "A signed payload needs a signed request")
            }
            signer = ChunkSigner(signing)
        }
        line.reserveCapacity(128)
    }

    /// Hands over bytes as they came. Cheap when everything before was consumed (`next` said nil).
    package mutating func feed(_ buffer: ByteBuffer) {
        if input.readableBytes == 0 {
            input = buffer
        } else {
            input.writeImmutableBuffer(buffer)
        }
    }

    /// The next run of decoded bytes, never empty; nil when more input is needed or the end was reached.
    ///
    /// - Throws: `incompleteBody` for bad framing or a wrong length, `invalidChunkSizeError`, `signatureDoesNotMatch`,
    ///   `malformedTrailerError`.
    package mutating func next() throws(S3Error) -> ByteBuffer? {
        do {
            return try advance()
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// To be called once at the end of the body: everything was there and every signature right.
    ///
    /// - Returns: the trailers as announced.
    /// - Throws: what `next` throws.
    package mutating func finish() throws(S3Error) -> [PayloadTrailer] {
        guard try next() == nil else {
            // Input that was fed and not taken: the caller stopped early, so the body is not whole.
            throw incomplete()
        }
        guard case .finished = state else {
            let error = incomplete()
            state = .failed(error)
            throw error
        }
        return trailers
    }

    /// Everything was read and checked.
    package var isFinished: Bool {
        if case .finished = state { true } else { false }
    }

    private mutating func advance() throws(S3Error) -> ByteBuffer? {
        while true {
            switch state {
            case .sizeLine:
                guard try readLine(byteCountMax: Self.lineByteCountMax) else { return nil }
                try beginChunk()
            case .data(let remaining):
                guard input.readableBytes > 0 else { return nil }
                return try takeData(remaining)
            case .dataEnd:
                guard try readLine(byteCountMax: 2) else { return nil }
                guard line == [0x0D, 0x0A] else { throw incomplete() }
                state = .sizeLine
            case .lastLine:
                guard try readLine(byteCountMax: 2) else { return nil }
                guard line == [0x0D, 0x0A] else { throw incomplete() }
                // From here on it counts stray bytes behind the end.
                trailerByteCount = Self.trailerByteCountMax
                state = .finished
            case .trailers:
                guard try readLine(byteCountMax: Self.trailerByteCountMax) else { return nil }
                try takeTrailerLine()
            case .finished:
                guard input.readableBytes > 0 else { return nil }
                trailerByteCount += input.readableBytes
                guard input.readableBytesView.allSatisfy({ $0 == 0x0D || $0 == 0x0A }),
                    trailerByteCount <= Self.strayMax
                else { throw incomplete() }
                input.moveReaderIndex(forwardBy: input.readableBytes)
            case .failed(let error):
                throw error
            }
        }
    }

    private static let strayMax = Self.trailerByteCountMax + 2

    /// Collects `line` up to and with a line feed. False when more input is needed. The line's earlier content, which
    /// ended in a line feed, makes room for it.
    private mutating func readLine(byteCountMax: Int) throws(S3Error) -> Bool {
        if line.last == 0x0A { line.removeAll(keepingCapacity: true) }
        let view = input.readableBytesView
        let end = view.firstIndex(of: 0x0A)
        let piece = view[..<(end.map { view.index(after: $0) } ?? view.endIndex)]
        guard line.count + piece.count <= byteCountMax else { throw incomplete() }
        line.append(contentsOf: piece)
        input.moveReaderIndex(forwardBy: piece.count)
        return end != nil
    }

    private mutating func beginChunk() throws(S3Error) {
        guard let header = ChunkHeader(line), (header.signature != nil) == coding.isSigned else { throw incomplete() }
        let size = header.size
        if size > 0, chunkIndex > 0, chunkSize < Self.chunkByteCountMin {
            throw S3Error(
                .invalidChunkSizeError,
                extras: [
                    S3Error.Extra("Chunk", String(chunkIndex)),
                    S3Error.Extra("BadChunkSize", String(chunkSize)),
                ],
            )
        }
        guard size <= decodedLength - decodedCount else { throw incomplete(adding: size) }
        chunkIndex += 1
        chunkSize = size
        if let signature = header.signature { signer?.begin(signature) }
        if size > 0 {
            state = .data(size)
            return
        }
        guard decodedCount == decodedLength else { throw incomplete() }
        try signer?.endChunk()
        state = coding.hasTrailer ? .trailers : .lastLine
    }

    private mutating func takeData(_ remaining: UInt64) throws(S3Error) -> ByteBuffer? {
        let count = Int(clamping: min(remaining, UInt64(input.readableBytes)))
        guard let slice = input.readSlice(length: count) else { return nil }
        if signer != nil { slice.withUnsafeReadableBytes { signer?.update($0) } }
        decodedCount += UInt64(count)
        if remaining > UInt64(count) {
            state = .data(remaining - UInt64(count))
        } else {
            try signer?.endChunk()
            state = .dataEnd
        }
        return slice
    }

    func incomplete(adding size: UInt64 = 0) -> S3Error {
        let provided = decodedCount.addingReportingOverflow(size)
        return S3Error(
            .incompleteBody,
            "The request body terminated unexpectedly",
            extras: [
                S3Error.Extra("NumberBytesExpected", String(decodedLength)),
                S3Error.Extra("NumberBytesProvided", String(provided.overflow ? UInt64.max : provided.partialValue)),
            ],
        )
    }
}

/// `hexsize[;chunk-signature=hex64]CRLF`
struct ChunkHeader {
    let size: UInt64
    /// 64 hexadecimal digits as sent.
    let signature: [UInt8]?

    init?(_ line: [UInt8]) {
        guard line.count >= 3, line[line.count - 2] == 0x0D else { return nil }
        let text = line.dropLast(2)
        let semicolon = text.firstIndex(of: UInt8(ascii: ";"))
        let digits = text[..<(semicolon ?? text.endIndex)]
        guard (1...16).contains(digits.count) else { return nil }
        var size: UInt64 = 0
        for digit in digits {
            guard let value = Hex.value(ofDigit: digit) else { return nil }
            size = size << 4 | UInt64(value)
        }
        self.size = size
        guard let semicolon else {
            signature = nil
            return
        }
        let field = text[(semicolon + 1)...]
        let name = "chunk-signature=".utf8
        guard field.count == name.count + 64, field.starts(with: name) else { return nil }
        let signature = Array(field.suffix(64))
        guard signature.allSatisfy({ Hex.value(ofDigit: $0) != nil }) else { return nil }
        self.signature = signature
    }
}
