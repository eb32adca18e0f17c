// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// How the end of an answer is told (RFC 9112 §6.3): decided from the request, the status and what the service gives.
struct AnswerFraming: Equatable {
    enum Length: Equatable {
        /// No header about length: 1xx, 204, and HEAD or 304 of unknown length.
        case none
        case fixed(UInt64)
        case chunked
        /// HTTP/1.0 without a length: the connection's end is the body's.
        case untilClose
    }

    var length: Length
    /// False where the bytes must not be sent even though a length is announced.
    var sendsBody: Bool

    /// An answer whose body is there as a whole, or (`announcedLength`) only in name.
    static func whole(byteCount: Int, isHead: Bool, status: Int) -> AnswerFraming {
        if hasNoBody(status) { return AnswerFraming(length: .none, sendsBody: false) }
        if status == 304 {
            return AnswerFraming(length: byteCount == 0 ? .none : .fixed(UInt64(byteCount)), sendsBody: false)
        }
        return AnswerFraming(length: .fixed(UInt64(byteCount)), sendsBody: !isHead)
    }

    /// A head alone.
    static func announced(_ contentLength: UInt64?, isHead: Bool, status: Int) -> AnswerFraming {
        guard !hasNoBody(status) else { return AnswerFraming(length: .none, sendsBody: false) }
        // No bytes will follow, so for any other answer zero is the truth.
        guard isHead || status == 304 else { return AnswerFraming(length: .fixed(0), sendsBody: false) }
        return AnswerFraming(length: contentLength.map { .fixed($0) } ?? .none, sendsBody: false)
    }

    /// A body that comes in pieces.
    static func streamed(_ contentLength: UInt64?, isHead: Bool, status: Int, minorVersion: Int) -> AnswerFraming {
        if hasNoBody(status) { return AnswerFraming(length: .none, sendsBody: false) }
        if isHead || status == 304 {
            return announced(contentLength, isHead: isHead, status: status)
        }
        if let contentLength { return AnswerFraming(length: .fixed(contentLength), sendsBody: true) }
        return AnswerFraming(length: minorVersion == 1 ? .chunked : .untilClose, sendsBody: true)
    }

    private static func hasNoBody(_ status: Int) -> Bool {
        status < 200 || status == 204
    }
}
