// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import S3Protocol

/// Turns a refusal into the document of `spec/s3.md` §1.2, with the headers that go with some codes.
enum ErrorAnswer {
    /// An extra of `methodNotAllowed` that travels as a header, not as an element.
    static let allowExtra = "Allow"

    static func make(
        _ error: S3Error,
        resource: String,
        requestID: String,
        hostID: String,
        isHead: Bool,
        retryAfterSeconds: Int
    ) -> S3Answer {
        var answer = S3Answer(status: error.status)
        switch error.code {
        case .methodNotAllowed:
            if let allow = error.extra(allowExtra) { answer.head.add("Allow", allow) }
        case .invalidRange:
            if let size = error.extra("ActualObjectSize") { answer.head.add("Content-Range", "bytes */\(size)") }
        case .slowDown, .serviceUnavailable:
            answer.head.add("Retry-After", "\(retryAfterSeconds)")
        default:
            break
        }
        answer.head.add("Content-Type", "application/xml")
        guard !isHead else { return answer }
        // A NotImplemented that names its cause in Resource does so instead of the path.
        let named = error.extra("Resource")
        let shown = S3Error(
            error.code,
            error.message,
            extras: error.extras.filter { $0.name != allowExtra && $0.name != "Resource" },
        )
        answer.body = .bytes(shown.xml(resource: named ?? resource, requestID: requestID, hostID: hostID))
        return answer
    }
}
