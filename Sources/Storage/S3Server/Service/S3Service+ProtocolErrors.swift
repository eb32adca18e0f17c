// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import S3Protocol

extension S3Service {
    /// The error document for what the HTTP core answers itself; for `HTTPServerConfiguration`.
    package var protocolErrorResponse: @Sendable (HTTPProtocolError) -> HTTPImmediateResponse {
        { [self] error in
            let refusal = Self.refusal(error, headerByteCountMax: configuration.headerByteCountMax)
            let id = identifiers.next()
            let answer = ErrorAnswer.make(
                refusal,
                resource: "/",
                requestID: id,
                hostID: identifiers.host,
                isHead: false,
                retryAfterSeconds: configuration.retryAfterSeconds,
            )
            var head = answer.head
            head.add("x-amz-request-id", id)
            head.add("x-amz-id-2", identifiers.host)
            log.metrics.record(.unknown, status: head.status, bytesReceived: 0, bytesSent: 0, nanoseconds: 0)
            guard case .bytes(let document) = answer.body else { return HTTPImmediateResponse(head: head) }
            return HTTPImmediateResponse(head: head, body: document)
        }
    }

    private static func refusal(_ error: HTTPProtocolError, headerByteCountMax: Int) -> S3Error {
        switch error {
        case .badRequestLine, .badHeader, .missingHost, .badHost, .ambiguousLength:
            S3Error(.badRequest, error.reason)
        case .badTarget: S3Error(.invalidURI)
        case .unsupportedVersion: S3Error(.notImplemented, error.reason, status: 505)
        case .headTooLarge:
            S3Error(.requestHeaderSectionTooLarge, extras: [.init("MaxSizeAllowed", "\(headerByteCountMax)")])
        case .badContentLength: .invalidArgument(error.reason, name: "Content-Length", value: "")
        case .unsupportedTransferCoding: .notImplemented(header: "Transfer-Encoding")
        case .unsupportedExpectation: S3Error(.badRequest, error.reason, status: 417)
        case .headTimeout: S3Error(.requestTimeout)
        case .tooManyConnections: S3Error(.slowDown)
        case .noAnswer: S3Error(.internalError)
        }
    }
}
