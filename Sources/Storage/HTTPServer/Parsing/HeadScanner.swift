// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds the end of a request head in bytes that arrive in any pieces, looking at each byte once.
///
/// Every line must end in CR LF; a bare LF is refused as soon as it is seen, because a proxy in front might have
/// read it differently.
struct HeadScanner {
    enum Outcome: Equatable {
        case incomplete
        /// The head is this many bytes long, the empty line included.
        case complete(Int)
        case refused(HTTPProtocolError)
    }

    /// Bytes already looked at.
    private var scannedCount = 0
    private var lineStart = 0

    /// `bytes` must begin with the same bytes as in the call before.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, byteCountMax: Int) -> Outcome {
        guard let base = bytes.baseAddress, let first = bytes.first else { return .incomplete }
        // A TLS hello or a line of another protocol must not wait for its first LF.
        guard Token.contains(first) else { return .refused(.badRequestLine) }
        while scannedCount < bytes.count {
            let start = base + scannedCount
            guard let found = memchr(start, Int32(ASCII.lineFeed), bytes.count - scannedCount) else {
                scannedCount = bytes.count
                break
            }
            let end = scannedCount + (UnsafeRawPointer(found) - start)
            guard end < byteCountMax else { return .refused(.headTooLarge) }
            guard end > 0, bytes[end - 1] == ASCII.carriageReturn else {
                return .refused(lineStart == 0 ? .badRequestLine : .badHeader)
            }
            if end - 1 == lineStart { return .complete(end + 1) }
            lineStart = end + 1
            scannedCount = lineStart
        }
        return bytes.count >= byteCountMax ? .refused(.headTooLarge) : .incomplete
    }
}
