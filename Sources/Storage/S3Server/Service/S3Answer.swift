// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import StorageTypes

/// What an operation decided to say; sending it is the service's business.
struct S3Answer {
    enum Body {
        /// Content-Length: 0, or none at all where the status forbids it.
        case none
        case bytes(ByteBuffer)
        /// HEAD and 304: the length of what a GET would send.
        case announced(UInt64)
        /// Sent piece by piece as the peer takes it. The first piece is here already, so that damage or a busy store
        /// found there was still a clean refusal.
        case stream(first: ByteBuffer, rest: any ObjectBody, length: UInt64)
    }

    var head: HTTPResponseHead
    var body: Body

    init(status: Int, body: Body = .none) {
        self.head = HTTPResponseHead(status: status)
        self.body = body
    }

    init(head: HTTPResponseHead, body: Body = .none) {
        self.head = head
        self.body = body
    }

    /// A document with its content type.
    static func xml(_ document: ByteBuffer, status: Int = 200) -> S3Answer {
        var answer = S3Answer(status: status, body: .bytes(document))
        answer.head.add("Content-Type", "application/xml")
        return answer
    }
}
