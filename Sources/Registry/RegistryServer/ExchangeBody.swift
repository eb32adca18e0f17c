// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import StorageTypes

/// A request's body as the store reads it. Confined to the exchange's event loop.
final class ExchangeBody: ObjectBody {
    private let exchange: HTTPExchange

    init(_ exchange: HTTPExchange) {
        self.exchange = exchange
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        do throws(HTTPExchangeError) {
            while let piece = try await exchange.readBody() {
                if piece.readableBytes > 0 { return piece }
            }
            return nil
        } catch {
            switch error {
            case .disconnected: throw StoreError(.incompleteBody, diagnosis: "the client went away")
            case .timedOut: throw StoreError(.requestTimeout)
            case .malformedBody: throw StoreError(.invalidRequest, diagnosis: "the body's framing is broken")
            case .bodyTooLarge: throw StoreError(.entityTooLarge)
            }
        }
    }
}
