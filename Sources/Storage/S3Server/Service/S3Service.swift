// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
package import Logging
package import S3Protocol
package import StorageTypes

/// Answers S3 requests from an object store.
///
/// A request without a body whose answer is in memory is answered by `respondAtOnce` without a suspension; everything
/// else goes through `respond`, one suspension per wait. The order of checks is that of `spec/s3.md` §2.5.
package final class S3Service<Store: ObjectStoring>: HTTPService {
    let store: Store
    let configuration: S3ServiceConfiguration
    let authenticator: SignatureV4
    let clock: any WallClock
    let identifiers: RequestIdentifiers
    let policies = PolicyCache()
    let log: AccessLog

    /// - Parameters:
    ///   - credentials: the accounts' keys.
    ///   - metrics: counts every request; the caller exports it.
    ///   - logger: one line per request, at the levels of the configuration.
    package init(
        store: Store,
        configuration: S3ServiceConfiguration,
        credentials: any CredentialLookup,
        clock: any WallClock,
        random: any RandomSource,
        metrics: S3Metrics,
        logger: Logger
    ) {
        self.store = store
        self.configuration = configuration
        self.authenticator = SignatureV4(credentials: credentials, region: configuration.signatureRegion)
        self.clock = clock
        self.identifiers = RequestIdentifiers(random: random)
        self.log = AccessLog(
            logger: logger,
            metrics: metrics,
            readLevel: configuration.readLogLevel,
            level: configuration.logLevel,
        )
    }

    package func respond(to exchange: HTTPExchange) async {
        let record = RequestRecord(id: identifiers.next(), started: clock.now())
        var answer: S3Answer
        do throws(S3Error) {
            answer = try await handle(exchange, record)
        } catch {
            record.errorCode = error.code.name
            answer = refusal(error, exchange.request, record)
        }
        answer.head.add("x-amz-request-id", record.id)
        answer.head.add("x-amz-id-2", identifiers.host)
        await send(answer, on: exchange, record)
        log.finish(
            record,
            bytesReceived: exchange.bytesReceived,
            bytesSent: exchange.bytesSent,
            now: clock.now(),
            request: exchange.request,
        )
    }

    func refusal(_ error: S3Error, _ request: HTTPRequest, _ record: RequestRecord) -> S3Answer {
        ErrorAnswer.make(
            error,
            resource: request.rawPath,
            requestID: record.id,
            hostID: identifiers.host,
            isHead: request.method == .head,
            retryAfterSeconds: configuration.retryAfterSeconds,
        )
    }

    /// Steps 1 to 5 of the order of checks; the operations do the rest.
    private func handle(_ exchange: HTTPExchange, _ record: RequestRecord) async throws(S3Error) -> S3Answer {
        let request = exchange.request
        let parsed = try parse(request, record)
        let (target, route) = (parsed.target, parsed.route)
        if route.operation == .preflight { throw Preflight.refusal(parsed.headers) }
        var headers = parsed.headers
        let caller = try authenticate(request, target, headers, now: record.started)
        if caller.isPresigned { headers.appendHoisted(from: target.query) }
        record.accessKey = caller.accessKey
        let bucketInfo = try await lookUpBucket(target, route)
        let call = S3Call(
            exchange: exchange,
            target: target,
            route: route,
            headers: headers,
            caller: caller,
            record: record,
            bucketInfo: bucketInfo,
        )
        try checkExpectedOwner(call, "x-amz-expected-bucket-owner")
        try await authorise(call)
        return try await perform(call)
    }

    /// Step 1: what the request names, from its head alone.
    func parse(
        _ request: HTTPRequest,
        _ record: RequestRecord
    ) throws(S3Error) -> (target: S3Target, route: S3Route, headers: S3Headers) {
        let headers = try readHeaders(request)
        let target = try readTarget(request)
        record.target = target
        let route = try S3Route.resolve(request, headers, target)
        record.operation = route.operation
        return (target, route, headers)
    }

    func readTarget(_ request: HTTPRequest) throws(S3Error) -> S3Target {
        let target = try S3Target.parse(
            rawPath: request.rawPath,
            rawQuery: request.rawQuery,
            host: request.host,
            baseDomains: configuration.baseDomains,
        )
        if let bucket = target.bucket { try checkReserved(bucket) }
        return target
    }

    /// A clean-up over all buckets must not take another service's content along.
    func checkReserved(_ bucket: String) throws(S3Error) {
        guard configuration.reservedBuckets.contains(bucket) else { return }
        throw S3Error(.accessDenied, "The bucket belongs to another service of this store.")
    }

    func readHeaders(_ request: HTTPRequest) throws(S3Error) -> S3Headers {
        guard request.headers.byteCount <= configuration.headerByteCountMax else { throw headersTooLarge }
        var headers = S3Headers(byteCapacity: request.headers.byteCount)
        request.headers.forEach { headers.append(name: $0, value: $1) }
        guard !headers.isOverfull else { throw headersTooLarge }
        return headers
    }

    private var headersTooLarge: S3Error {
        S3Error(.requestHeaderSectionTooLarge, extras: [.init("MaxSizeAllowed", "\(configuration.headerByteCountMax)")])
    }

    /// Step 2: who asks.
    func authenticate(
        _ request: HTTPRequest,
        _ target: S3Target,
        _ headers: S3Headers,
        now: Timestamp
    ) throws(S3Error) -> AuthenticatedRequest {
        try authenticator.authenticate(
            RequestSignatureInput(
                method: request.methodName,
                rawPath: request.rawPath,
                rawQuery: request.rawQuery,
                query: target.query,
                headers: headers,
                now: now,
            )
        )
    }

    private func lookUpBucket(_ target: S3Target, _ route: S3Route) async throws(S3Error) -> BucketInfo? {
        guard let name = target.bucket, route.operation != .createBucket else { return nil }
        do throws(StoreError) {
            let name = try BucketName(name)
            if let known = try store.bucketIfCached(name) { return known }
            return try await store.bucket(name)
        } catch {
            throw S3Error(error)
        }
    }

    func checkExpectedOwner(_ call: S3Call, _ header: StaticString) throws(S3Error) {
        guard let expected = call.header(header), expected != configuration.ownerID else { return }
        throw S3Error(.accessDenied)
    }
}
