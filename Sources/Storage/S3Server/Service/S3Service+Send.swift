// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import StorageTypes

extension S3Service {
    /// Sends `answer`; a peer that has gone away is worth a status of 0 in the log and no more.
    func send(_ answer: S3Answer, on exchange: HTTPExchange, _ record: RequestRecord) async {
        record.status = answer.head.status
        do throws(HTTPExchangeError) {
            switch answer.body {
            case .none where exchange.request.method == .head:
                try await exchange.respondHead(answer.head, contentLength: nil)
            case .none:
                try await exchange.respond(answer.head, body: nil)
            case .bytes(let buffer):
                try await exchange.respond(answer.head, body: buffer)
            case .announced(let length):
                try await exchange.respondHead(answer.head, contentLength: length)
            case .stream(let first, let rest, let length):
                try await exchange.start(answer.head, contentLength: length)
                try await stream(first, rest, on: exchange, record)
            }
        } catch {
            record.status = 0
            record.errorCode = "ClientDisconnected"
        }
    }

    /// Bytes that turn out bad now can't be taken back: cutting the connection is how the client learns of it.
    private func stream(
        _ first: ByteBuffer,
        _ rest: any ObjectBody,
        on exchange: HTTPExchange,
        _ record: RequestRecord
    ) async throws(HTTPExchangeError) {
        var piece = first
        while true {
            try await exchange.write(piece)
            do throws(StoreError) {
                guard let next = try await rest.next() else { break }
                piece = next
            } catch {
                // The head said 200; the log and the metrics say how it ended.
                record.status = 500
                record.errorCode = "InternalError"
                record.diagnosis = "cut after the head was sent: \(error)"
                exchange.abort()
                return
            }
        }
        try await exchange.finish()
    }
}
