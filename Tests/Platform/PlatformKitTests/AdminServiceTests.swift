// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import PlatformKit
import Testing

@Suite struct AdminServiceTests {
    private let service = AdminService(
        isReady: { false },
        metrics: { PrometheusText() },
        verbs: [],
        token: AdminToken(text: "secret")
    )

    private func status(_ method: String, _ path: String) -> Int? {
        service.respondAtOnce(to: HTTPRequest(methodName: method, rawPath: path))?.head.status
    }

    @Test func `only what costs nothing is answered on the event loop`() {
        #expect(status("GET", "/healthz") == 200)
        #expect(status("GET", "/readyz") == 503)
        #expect(status("GET", "/nothing") == 404)
        #expect(status("POST", "/metrics") == 405)
        #expect(status("GET", "/metrics") == nil)
        #expect(status("POST", "/v1/gc") == nil)
    }
}
