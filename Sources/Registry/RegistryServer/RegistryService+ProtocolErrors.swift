// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import OCIModel

extension RegistryService {
    /// The error list for what the HTTP core answers itself; for `HTTPServerConfiguration`.
    package var protocolErrorResponse: @Sendable (HTTPProtocolError) -> HTTPImmediateResponse {
        { [self] error in
            let code: RegistryErrorCode =
                switch error {
                case .tooManyConnections: .unavailable
                case .noAnswer: .unknown
                default: .unsupported
                }
            var answer = Answer(RegistryError(code, error.reason, status: error.status), isHead: false)
            _ = finish(&answer)
            guard case .bytes(let document) = answer.content else { return HTTPImmediateResponse(head: answer.head) }
            return HTTPImmediateResponse(head: answer.head, body: document)
        }
    }
}
