// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol

/// CORS preflight requests (`spec/s3.md` §9.1). No bucket can have a CORS configuration yet, so every one is refused.
enum Preflight {
    static func refusal(_ headers: S3Headers) -> S3Error {
        guard headers.has("origin") else {
            return S3Error(.badRequest, "Insufficient information. Origin request header needed.")
        }
        guard let method = headers.first("access-control-request-method") else {
            return S3Error(.badRequest, "Invalid Access-Control-Request-Method: null")
        }
        return S3Error(
            .accessForbidden,
            "CORSResponse: CORS is not enabled for this bucket.",
            extras: [.init("Method", method), .init("ResourceType", "BUCKET")]
        )
    }
}
