// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Logging
import S3Protocol
import StorageTypes

/// What is said about a request once it is over; filled in while it goes its way.
final class RequestRecord {
    let id: String
    let started: Timestamp
    var operation = S3Operation.unknown
    var target: S3Target?
    var accessKey: String?
    /// 0 until something was sent.
    var status = 0
    var errorCode: String?
    /// Of a failure inside the appliance; for the log alone.
    var diagnosis: String?

    init(id: String, started: Timestamp) {
        self.id = id
        self.started = started
    }
}

/// Writes one line per request and counts it.
struct AccessLog: Sendable {
    let logger: Logger
    let metrics: S3Metrics
    let readLevel: Logger.Level
    let level: Logger.Level

    func finish(_ record: RequestRecord, bytesReceived: UInt64, bytesSent: UInt64, now: Timestamp, request: HTTPRequest)
    {
        let nanoseconds = UInt64(max(0, now.nanoseconds - record.started.nanoseconds))
        metrics.record(
            record.operation,
            status: record.status,
            bytesReceived: bytesReceived,
            bytesSent: bytesSent,
            nanoseconds: nanoseconds
        )
        let isQuiet = record.operation.isRead && (200..<400).contains(record.status)
        let level = record.status >= 500 && record.status != 501 ? .error : isQuiet ? readLevel : level
        guard logger.logLevel <= level else { return }
        logger.log(level: level, "request", metadata: metadata(record, bytesReceived, bytesSent, nanoseconds, request))
    }

    /// Never the query or the headers as they came: a signature in them is as good as a password while it lasts.
    private func metadata(
        _ record: RequestRecord,
        _ bytesReceived: UInt64,
        _ bytesSent: UInt64,
        _ nanoseconds: UInt64,
        _ request: HTTPRequest
    ) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "request-id": .string(record.id),
            "operation": .string(record.operation.name),
            "method": .string(request.methodName),
            "status": .stringConvertible(record.status),
            "bytes-in": .stringConvertible(bytesReceived),
            "bytes-out": .stringConvertible(bytesSent),
            "duration-us": .stringConvertible(nanoseconds / 1_000),
            "remote": .string(request.remoteAddress),
        ]
        if let bucket = record.target?.bucket { metadata["bucket"] = .string(bucket) }
        if let key = record.target?.key { metadata["key"] = .string(String(decoding: key, as: UTF8.self)) }
        if let accessKey = record.accessKey { metadata["access-key"] = .string(accessKey) }
        if let code = record.errorCode { metadata["code"] = .string(code) }
        if let diagnosis = record.diagnosis { metadata["diagnosis"] = .string(diagnosis) }
        return metadata
    }
}
