// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import S3Protocol
import StorageTypes

extension S3Service {
    /// GetObject and HeadObject: arguments, object, conditions, part, range, bytes, in this order.
    func getObject(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let overrides = try ResponseOverrides.read(call)
        let partNumber = try readPartNumber(call)
        try VersionID.checkReadable(call)
        let object = try await open(call)
        let info = object.info
        let now = call.record.started
        let plan: ReadPlan
        if let partNumber {
            let part = try await locate(partNumber, in: object, call)
            plan = try ReadPlan(
                info,
                part: part.range,
                checksum: part.checksum,
                headers: call.headers,
                overrides: overrides,
                now: now,
            )
        } else {
            plan = try ReadPlan(info, headers: call.headers, overrides: overrides, now: now)
        }
        guard let range = plan.range else { return S3Answer(head: plan.head, body: .announced(info.size)) }
        if call.isHead { return S3Answer(head: plan.head, body: .announced(UInt64(range.count))) }
        return S3Answer(head: plan.head, body: try await bytes(range, of: object, call))
    }

    /// - Throws: `noSuchKey` for those who may list the bucket; others learn only that they may not see it.
    func open(_ call: S3Call) async throws(S3Error) -> any OpenedObject {
        let bucket = try call.bucket()
        let key = try call.key()
        do throws(StoreError) {
            return try await store.openObject(bucket: bucket.name, key: key)
        } catch {
            if error.code == .noSuchKey, !mayList(bucket, prefix: key, call.question) { throw S3Error(.accessDenied) }
            throw call.refusal(error)
        }
    }

    private func readPartNumber(_ call: S3Call) throws(S3Error) -> Int? {
        guard let text = call.query.first("partNumber") else { return nil }
        guard let number = Int(text), (1...10_000).contains(number) else {
            throw .invalidArgument(
                "Part number must be an integer between 1 and 10000, inclusive",
                name: "partNumber",
                value: text
            )
        }
        guard !call.headers.has("range") else {
            throw S3Error(.invalidRequest, "Cannot specify both Range header and partNumber query parameter")
        }
        return number
    }

    private func locate(
        _ number: Int,
        in object: any OpenedObject,
        _ call: S3Call
    ) async throws(S3Error) -> (range: Range<UInt64>, checksum: ChecksumValue?) {
        do throws(StoreError) {
            if let part = try await object.part(number) { return part }
        } catch {
            throw call.refusal(error)
        }
        throw S3Error(
            .invalidPartNumber,
            extras: [
                .init("ActualPartCount", "\(max(object.info.partCount, 1))"), .init("PartNumberRequested", "\(number)"),
            ]
        )
    }

    private func bytes(
        _ range: Range<UInt64>,
        of object: any OpenedObject,
        _ call: S3Call
    ) async throws(S3Error) -> S3Answer.Body {
        guard !range.isEmpty else { return .bytes(ByteBuffer()) }
        if range.count <= CachedRead.byteCountMax, let buffer = object.readIfCached(range) { return .bytes(buffer) }
        let body = object.read(range)
        do throws(StoreError) {
            guard let first = try await body.next() else {
                throw StoreError(.corrupted, diagnosis: "no bytes for \(range) of \(object.info.key)")
            }
            if first.readableBytes == range.count { return .bytes(first) }
            return .stream(first: first, rest: body, length: UInt64(range.count))
        } catch {
            throw call.refusal(error)
        }
    }
}

/// What may be taken from memory at once.
enum CachedRead {
    static let byteCountMax = 256 << 10
    static let headByteCountMax = 16 << 10
}
