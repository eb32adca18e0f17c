// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import S3Protocol
import StorageTypes

/// A request that is routed and authenticated, as the operations see it. Confined to the connection's event loop.
final class S3Call {
    let exchange: HTTPExchange
    let target: S3Target
    let route: S3Route
    /// The request's headers, and what a presigned URL carries in their place.
    let headers: S3Headers
    let caller: AuthenticatedRequest
    let record: RequestRecord
    /// Nil for operations that need no existing bucket.
    let bucketInfo: BucketInfo?
    /// What access decisions are made from.
    var question: AccessQuestion

    init(
        exchange: HTTPExchange,
        target: S3Target,
        route: S3Route,
        headers: S3Headers,
        caller: AuthenticatedRequest,
        record: RequestRecord,
        bucketInfo: BucketInfo?
    ) {
        self.exchange = exchange
        self.target = target
        self.route = route
        self.headers = headers
        self.caller = caller
        self.record = record
        self.bucketInfo = bucketInfo
        self.question = AccessQuestion(
            caller: caller,
            request: exchange.request,
            headers: headers,
            query: target.query,
            now: record.started,
        )
    }

    var request: HTTPRequest { exchange.request }
    var query: S3Query { target.query }
    var isHead: Bool { request.method == .head }

    /// The values of all lines called `name`, joined by commas. In a presigned request a query parameter may stand for
    /// an `x-amz-*` header.
    func header(_ lowercaseName: StaticString) -> String? { headers.joined(lowercaseName) }

    /// The bucket that the route requires.
    func bucket() throws(S3Error) -> BucketInfo {
        guard let bucketInfo else {
            throw S3Error(.internalError, "the route of \(route.operation.name) found no bucket")
        }
        return bucketInfo
    }

    /// The key that the route requires.
    func key() throws(S3Error) -> ObjectKey {
        guard let bytes = target.key else {
            throw S3Error(.internalError, "the route of \(route.operation.name) found no key")
        }
        do throws(StoreError) {
            return try ObjectKey(bytes: bytes)
        } catch {
            throw refusal(error)
        }
    }

    /// A query parameter that must be a whole number if it is there.
    func number(_ name: String, in range: ClosedRange<Int>) throws(S3Error) -> Int? {
        guard let text = query.first(name) else { return nil }
        guard let value = Int(text), range.contains(value), !text.hasPrefix("+") else {
            throw .invalidArgument(
                "The parameter must be a whole number from \(range.lowerBound) to \(range.upperBound).",
                name: name,
                value: text
            )
        }
        return value
    }
}

extension S3Call {
    /// What the client is told of a store's refusal; what only operators may know goes to the log.
    func refusal(_ error: StoreError) -> S3Error {
        if let diagnosis = error.diagnosis { record.diagnosis = "\(error.code): \(diagnosis)" }
        return S3Error(error)
    }
}
