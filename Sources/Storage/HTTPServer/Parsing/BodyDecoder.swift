// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import StorageTypes

/// Takes the framing off a request body (RFC 9112 §6 and §7.1): a known length, or chunks.
///
/// Chunk extensions and trailers are dropped; both have limits, so that a body can't be all framing.
struct BodyDecoder {
    enum Outcome: Equatable {
        case piece(ByteBuffer)
        case needsMore
        case end
        case malformed
    }

    private enum State: Equatable {
        case fixed(remaining: UInt64)
        case size(value: UInt64, digitCount: Int)
        case chunkExtension(value: UInt64)
        case sizeLineFeed(value: UInt64)
        case data(remaining: UInt64)
        case dataCarriageReturn
        case dataLineFeed
        /// `lineByteCount` of the trailer line so far.
        case trailer(lineByteCount: Int)
        case trailerLineFeed(isLast: Bool)
        case end
        case malformed
    }

    /// Extensions and trailers of one body together.
    static let overheadByteCountMax = 64 << 10

    private var state: State
    private var overheadByteCount = 0

    init(contentLength: UInt64?, isChunked: Bool) {
        if isChunked {
            state = .size(value: 0, digitCount: 0)
        } else {
            let length = contentLength ?? 0
            state = length == 0 ? .end : .fixed(remaining: length)
        }
    }

    var isAtEnd: Bool { state == .end }
    var isMalformed: Bool { state == .malformed }

    /// Bytes still to come on the wire; nil when chunks don't tell.
    var remainingByteCount: UInt64? {
        switch state {
        case .fixed(let remaining): remaining
        case .end: 0
        default: nil
        }
    }

    /// Bytes that a read may well bring, for choosing a buffer.
    var expectedByteCount: UInt64 {
        switch state {
        case .fixed(let remaining): remaining
        case .data(let remaining): max(remaining, 64 << 10)
        case .end, .malformed: 0
        default: 64 << 10
        }
    }

    /// The next piece out of `inbound`; empty pieces don't occur.
    mutating func next(_ inbound: inout InboundQueue) -> Outcome {
        while true {
            switch state {
            case .end: return .end
            case .malformed: return .malformed
            case .fixed(let remaining):
                guard let piece = inbound.take(atMost: Int(min(remaining, UInt64(Int32.max)))) else {
                    return .needsMore
                }
                let left = remaining - UInt64(piece.readableBytes)
                state = left == 0 ? .end : .fixed(remaining: left)
                return .piece(piece)
            case .data(let remaining):
                guard let piece = inbound.take(atMost: Int(min(remaining, UInt64(Int32.max)))) else {
                    return .needsMore
                }
                let left = remaining - UInt64(piece.readableBytes)
                state = left == 0 ? .dataCarriageReturn : .data(remaining: left)
                return .piece(piece)
            default:
                guard !inbound.isEmpty else { return .needsMore }
                let taken = inbound.withFirst { takeFraming($0) }
                inbound.skip(taken)
            }
        }
    }

    /// Reads framing bytes up to the next data byte, the end, or the end of `bytes`; answers how many.
    private mutating func takeFraming(_ bytes: UnsafeRawBufferPointer) -> Int {
        for (offset, byte) in bytes.enumerated() {
            step(byte)
            switch state {
            case .data, .end, .malformed: return offset + 1
            default: continue
            }
        }
        return bytes.count
    }

    private mutating func step(_ byte: UInt8) {
        switch state {
        case .size(let value, let digitCount):
            state = Self.afterSize(byte, value, digitCount)
        case .chunkExtension(let value):
            if byte == ASCII.carriageReturn {
                state = .sizeLineFeed(value: value)
            } else {
                takeOverhead(byte)
            }
        case .sizeLineFeed(let value):
            state =
                byte != ASCII.lineFeed ? .malformed : value == 0 ? .trailer(lineByteCount: 0) : .data(remaining: value)
        case .dataCarriageReturn:
            state = byte == ASCII.carriageReturn ? .dataLineFeed : .malformed
        case .dataLineFeed:
            state = byte == ASCII.lineFeed ? .size(value: 0, digitCount: 0) : .malformed
        case .trailer(let lineByteCount):
            if byte == ASCII.carriageReturn {
                state = .trailerLineFeed(isLast: lineByteCount == 0)
            } else {
                state = .trailer(lineByteCount: lineByteCount + 1)
                takeOverhead(byte)
            }
        case .trailerLineFeed(let isLast):
            state = byte != ASCII.lineFeed ? .malformed : isLast ? .end : .trailer(lineByteCount: 0)
        case .fixed, .data, .end, .malformed:
            break
        }
    }

    private static func afterSize(_ byte: UInt8, _ value: UInt64, _ digitCount: Int) -> State {
        if let digit = Hex.value(ofDigit: byte) {
            // Fifteen digits: far above any object, and no overflow.
            guard digitCount < 15 else { return .malformed }
            return .size(value: value << 4 | UInt64(digit), digitCount: digitCount + 1)
        }
        guard digitCount > 0 else { return .malformed }
        switch byte {
        case ASCII.carriageReturn: return .sizeLineFeed(value: value)
        case 0x3B: return .chunkExtension(value: value)
        default: return .malformed
        }
    }

    private mutating func takeOverhead(_ byte: UInt8) {
        overheadByteCount += 1
        let isControl = (byte < ASCII.space && byte != ASCII.tab) || byte == 0x7F
        if isControl || overheadByteCount > Self.overheadByteCountMax { state = .malformed }
    }
}
