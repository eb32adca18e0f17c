// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import NIOCore
import S3Protocol
import StorageTypes

extension S3Service {
    /// GET and HEAD of an object whose bucket, state and bytes are in memory: the whole answer in one pass on the event
    /// loop, refusals included. The same checks in the same order as `respond(to:)`, by the same code; whatever would
    /// wait or look further says nil here and is decided there.
    package func respondAtOnce(to request: HTTPRequest) -> HTTPImmediateResponse? {
        guard request.method == .get || request.method == .head, Self.isPlainQuery(request.rawQuery) else { return nil }
        let record = RequestRecord(id: identifiers.next(), started: clock.now())
        var response: HTTPImmediateResponse
        do throws(S3Error) {
            guard let found = try readFromMemory(request, record) else { return nil }
            response = found
        } catch {
            record.errorCode = error.code.name
            let answer = refusal(error, request, record)
            response = HTTPImmediateResponse(head: answer.head)
            if case .bytes(let document) = answer.body { response.body = document }
        }
        response.head.add("x-amz-request-id", record.id)
        response.head.add("x-amz-id-2", identifiers.host)
        record.status = response.head.status
        let byteCount = request.method == .head ? 0 : response.body?.readableBytes ?? 0
        log.finish(record, bytesReceived: 0, bytesSent: UInt64(byteCount), now: clock.now(), request: request)
        return response
    }

    /// SDKs name the operation in the query; nothing else may stand there.
    private static func isPlainQuery(_ rawQuery: String?) -> Bool {
        rawQuery == nil || rawQuery == "x-id=GetObject" || rawQuery == "x-id=HeadObject"
    }

    private func readFromMemory(
        _ request: HTTPRequest,
        _ record: RequestRecord
    ) throws(S3Error) -> HTTPImmediateResponse? {
        let headers = try readHeaders(request)
        let target = try readTarget(request)
        guard let bucketName = target.bucket, let keyBytes = target.key else { return nil }
        guard !headers.has("x-amz-expected-bucket-owner"), !UnsupportedHeaders.askForEncryption(headers) else {
            return nil
        }
        record.target = target
        record.operation = request.method == .head ? .headObject : .getObject
        let caller = try authenticate(request, target, headers, now: record.started)
        record.accessKey = caller.accessKey
        // A name that breaks the rules is no bucket's, so the look-up can't find it.
        guard let bucket = try? store.bucketIfCached(BucketName(stored: bucketName)) else { return nil }
        let question = AccessQuestion(
            caller: caller,
            request: request,
            headers: headers,
            query: target.query,
            now: record.started,
        )
        if let policy = bucket.policy, policies.policy(of: bucket.name, text: policy)?.readsTags != false { return nil }
        let key = ObjectKey(stored: keyBytes)
        guard allows(question, action: "s3:GetObject", in: bucket, key: key) else { throw S3Error(.accessDenied) }
        guard let object = try openIfCached(bucket, key, question) else { return nil }
        return try respond(with: object, headers: headers, isHead: request.method == .head, now: record.started)
    }

    /// Nil when it takes waiting, or more than saying that there is no such key.
    private func openIfCached(
        _ bucket: BucketInfo,
        _ key: ObjectKey,
        _ question: AccessQuestion
    ) throws(S3Error) -> (any OpenedObject)? {
        do throws(StoreError) {
            return try store.openObjectIfCached(bucket: bucket.name, key: key)
        } catch {
            guard error.code == .noSuchKey else { return nil }
            throw mayList(bucket, prefix: key, question) ? S3Error(error) : S3Error(.accessDenied)
        }
    }

    private func respond(
        with object: any OpenedObject,
        headers: S3Headers,
        isHead: Bool,
        now: Timestamp
    ) throws(S3Error) -> HTTPImmediateResponse? {
        let plan = try ReadPlan(object.info, headers: headers, overrides: .none, now: now)
        guard let range = plan.range, !range.isEmpty else {
            return HTTPImmediateResponse(head: plan.head, body: plan.range.map { _ in ByteBuffer() })
        }
        // The core takes the length that a HEAD announces from the bytes, so only few are worth fetching for it.
        let byteCountMax = isHead ? CachedRead.headByteCountMax : CachedRead.byteCountMax
        guard range.count <= byteCountMax, let body = object.readIfCached(range) else { return nil }
        return HTTPImmediateResponse(head: plan.head, body: body)
    }
}
