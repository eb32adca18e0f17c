// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
import NIOCore
import S3Protocol
import StorageTypes

extension S3Service {
    /// GET and HEAD of an object whose bucket, state and bytes are in memory: the whole answer in one pass on the event
    /// loop. The same checks in the same order as `respond(to:)`, by the same code; whatever would refuse, wait or look
    /// further says nil here and is decided there.
    package func respondAtOnce(to request: HTTPRequest) -> HTTPImmediateResponse? {
        guard request.method == .get || request.method == .head, Self.isPlainQuery(request.rawQuery) else { return nil }
        let record = RequestRecord(id: identifiers.next(), started: clock.now())
        do {
            guard var response = try readFromMemory(request, record) else { return nil }
            response.head.add("x-amz-request-id", record.id)
            response.head.add("x-amz-id-2", identifiers.host)
            record.status = response.head.status
            let byteCount = request.method == .head ? 0 : response.body?.readableBytes ?? 0
            log.finish(
                record,
                bytesReceived: 0,
                bytesSent: UInt64(byteCount),
                now: clock.now(),
                request: request,
            )
            return response
        } catch {
            return nil
        }
    }

    /// SDKs name the operation in the query; nothing else may stand there.
    private static func isPlainQuery(_ rawQuery: String?) -> Bool {
        rawQuery == nil || rawQuery == "x-id=GetObject" || rawQuery == "x-id=HeadObject"
    }

    private func readFromMemory(
        _ request: HTTPRequest,
        _ record: RequestRecord
    ) throws -> HTTPImmediateResponse? {
        let (target, route, headers) = try parse(request, record)
        guard let bucketName = target.bucket, let keyBytes = target.key else { return nil }
        guard !Self.isUnusual(headers) else { return nil }
        let caller = try authenticate(request, target, headers, now: record.started)
        record.accessKey = caller.accessKey
        // A name that breaks the rules is no bucket's, so the look-up can't find it.
        guard let bucket = try store.bucketIfCached(BucketName(stored: bucketName)) else { return nil }
        let key = ObjectKey(stored: keyBytes)
        let question = AccessQuestion(
            caller: caller,
            request: request,
            headers: headers,
            query: target.query,
            now: record.started,
        )
        if let policy = bucket.policy, policies.policy(of: bucket.name, text: policy)?.readsTags != false { return nil }
        guard allows(question, action: route.action, in: bucket, key: key),
            let object = try store.openObjectIfCached(bucket: bucket.name, key: key)
        else { return nil }
        let plan = try ReadPlan(object.info, headers: headers, overrides: .none, now: record.started)
        guard let range = plan.range, !range.isEmpty else {
            return HTTPImmediateResponse(head: plan.head, body: plan.range.map { _ in ByteBuffer() })
        }
        guard range.count <= CachedRead.byteCountMax, let body = object.readIfCached(range) else { return nil }
        return HTTPImmediateResponse(head: plan.head, body: body)
    }

    private static func isUnusual(_ headers: S3Headers) -> Bool {
        headers.has("x-amz-expected-bucket-owner") || headers.has("x-amz-server-side-encryption-customer-algorithm")
            || headers.has("x-amz-server-side-encryption-customer-key")
            || headers.has("x-amz-server-side-encryption-customer-key-md5")
            || headers.has("x-amz-server-side-encryption")
    }
}
