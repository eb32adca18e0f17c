// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

/// What a GET or HEAD of an object answers, decided from headers and the object's state before a byte is read.
struct ReadPlan {
    var head: HTTPResponseHead
    /// The bytes to send; nil for an answer without any (304).
    var range: Range<UInt64>?

    /// Conditions, then the Range header (`spec/s3.md` §5, §7.4).
    ///
    /// - Throws: `preconditionFailed`, `invalidRange`.
    init(
        _ info: ObjectInfo,
        headers: S3Headers,
        overrides: ResponseOverrides,
        now: Timestamp
    ) throws(S3Error) {
        guard try Self.proceeds(info, headers, now: now) else {
            head = HTTPResponseHead(status: 304)
            ObjectHeaders.addIdentity(of: info, to: &head)
            range = nil
            return
        }
        let requested = headers.first("range")
        switch ByteRange.resolve(Self.counts(requested, info, headers) ? requested : nil, size: info.size) {
        case .whole:
            head = HTTPResponseHead(status: 200)
            range = 0..<info.size
        case .partial(let part):
            head = HTTPResponseHead(status: 206)
            head.add("Content-Range", ByteRange.contentRange(part, size: info.size))
            range = part
        case .unsatisfiable:
            throw .invalidRange(requested: requested ?? "", size: info.size)
        }
        ObjectHeaders.addRepresentation(of: info, overrides: overrides, to: &head)
        if head.status == 200, Self.wantsChecksums(headers) {
            ObjectHeaders.addChecksums(info.checksums, to: &head)
        }
    }

    /// One part of an object: 206 even when the part is everything.
    init(
        _ info: ObjectInfo,
        part: Range<UInt64>,
        checksum: ChecksumValue?,
        headers: S3Headers,
        overrides: ResponseOverrides,
        now: Timestamp
    ) throws(S3Error) {
        guard try Self.proceeds(info, headers, now: now) else {
            head = HTTPResponseHead(status: 304)
            ObjectHeaders.addIdentity(of: info, to: &head)
            range = nil
            return
        }
        head = HTTPResponseHead(status: 206)
        // "bytes 0--1/0" would be no range at all.
        if !part.isEmpty { head.add("Content-Range", ByteRange.contentRange(part, size: info.size)) }
        if info.partCount > 0 { head.add("x-amz-mp-parts-count", "\(info.partCount)") }
        range = part
        ObjectHeaders.addRepresentation(of: info, overrides: overrides, to: &head)
        if Self.wantsChecksums(headers) { ObjectHeaders.addChecksums(checksum.map { [$0] } ?? [], to: &head) }
    }

    private static func proceeds(_ info: ObjectInfo, _ headers: S3Headers, now: Timestamp) throws(S3Error) -> Bool {
        let conditions = Conditions(reading: headers)
        guard !conditions.isEmpty else { return true }
        switch conditions.evaluate(etag: info.etag, lastModified: info.lastModified, now: now) {
        case .proceed: return true
        case .notModified: return false
        case .preconditionFailed(let name): throw .preconditionFailed(name)
        }
    }

    private static func counts(_ requested: String?, _ info: ObjectInfo, _ headers: S3Headers) -> Bool {
        guard requested != nil else { return false }
        return Conditions.ifRangeHolds(headers.first("if-range"), etag: info.etag, lastModified: info.lastModified)
    }

    private static func wantsChecksums(_ headers: S3Headers) -> Bool {
        headers.first("x-amz-checksum-mode")?.uppercased() == "ENABLED"
    }
}
