// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PlatformKit

@Suite struct AdminClientTests {
    private func refusal(_ answer: String) -> String? {
        do {
            _ = try AdminClient.body(Array(answer.utf8))
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `an answer of which a part is missing is told from others`() throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue"
        #expect(try AdminClient.body(Array(answer.utf8)) == Data("true".utf8))
        for count in 0..<answer.utf8.count {
            let part = String(decoding: answer.utf8.prefix(count), as: UTF8.self)
            #expect(refusal(part)?.hasPrefix("the connection ended before the server's answer was whole") == true)
        }
        #expect(refusal("220 smtp.example.com\r\n\r\n") == "the server's answer is no HTTP")
        #expect(refusal("220 smtp.example.com\r\n") == "the server's answer is no HTTP")
        #expect(refusal("HTTP/1.1 500 X\r\nContent-Length: 13\r\n\r\n{\"error\":\"x\"}") == "x")
    }
}
