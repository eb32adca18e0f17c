// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ObjectStore
import PlatformKit
import RegistryServer
import S3Server

/// The store's, the S3 service's and the registry's families of `/metrics`.
enum StoreMetrics {
    static func append(_ store: ObjectStore, to page: inout PrometheusText) {
        page.family("drydock_store_accepts_writes", .gauge, help: "1 while no sync or commit has failed.")
        page.sample("drydock_store_accepts_writes", store.writeRefusal == nil ? 1 : 0)
    }

    static func append(_ metrics: S3Metrics, to page: inout PrometheusText) {
        let operations = metrics.snapshot()
        page.family("drydock_s3_requests_total", .counter, help: "Requests by operation and class of status.")
        for (operation, counts) in operations {
            for (digit, count) in counts.answers.enumerated() where count > 0 {
                let status = digit == 0 ? "none" : "\(digit)xx"
                page.sample(
                    "drydock_s3_requests_total",
                    labels: [("operation", operation.name), ("status", status)],
                    Double(count)
                )
            }
        }
        page.family("drydock_s3_received_bytes_total", .counter, help: "Body bytes of requests.")
        for (operation, counts) in operations {
            page.sample(
                "drydock_s3_received_bytes_total",
                labels: [("operation", operation.name)],
                Double(counts.bytesReceived)
            )
        }
        page.family("drydock_s3_sent_bytes_total", .counter, help: "Body bytes of answers.")
        for (operation, counts) in operations {
            page.sample(
                "drydock_s3_sent_bytes_total",
                labels: [("operation", operation.name)],
                Double(counts.bytesSent)
            )
        }
        appendDurations(operations, to: &page)
    }

    static func append(_ metrics: RegistryMetrics, to page: inout PrometheusText) {
        let methods = metrics.snapshot()
        page.family("drydock_registry_requests_total", .counter, help: "Requests by method and class of status.")
        for (method, counts) in methods {
            for (digit, count) in counts.answers.enumerated() where count > 0 {
                let status = digit == 0 ? "none" : "\(digit)xx"
                page.sample(
                    "drydock_registry_requests_total",
                    labels: [("method", method), ("status", status)],
                    Double(count)
                )
            }
        }
        appendSums("drydock_registry_received_bytes_total", "Body bytes of requests.", methods, to: &page) {
            Double($0.bytesReceived)
        }
        appendSums("drydock_registry_sent_bytes_total", "Body bytes of answers.", methods, to: &page) {
            Double($0.bytesSent)
        }
        appendSums("drydock_registry_request_seconds_total", "Time spent on requests.", methods, to: &page) {
            Double($0.durationNanoseconds) / 1e9
        }
    }

    private static func appendSums(
        _ name: String,
        _ help: String,
        _ methods: [(method: String, counts: RegistryMetrics.Counts)],
        to page: inout PrometheusText,
        _ value: (RegistryMetrics.Counts) -> Double
    ) {
        page.family(name, .counter, help: help)
        for (method, counts) in methods { page.sample(name, labels: [("method", method)], value(counts)) }
    }

    private static func appendDurations(
        _ operations: [(operation: S3Operation, counts: S3Metrics.OperationCounts)],
        to page: inout PrometheusText
    ) {
        let name = "drydock_s3_request_duration_seconds"
        page.family(name, .histogram, help: "From the parsed head to the end of the answer.")
        for (operation, counts) in operations {
            var running: UInt64 = 0
            for (index, count) in counts.durations.enumerated() {
                running += count
                let bound =
                    index < S3Metrics.durationBounds.count
                    ? "\(Double(S3Metrics.durationBounds[index]) / 1e9)" : "+Inf"
                page.sample(name + "_bucket", labels: [("operation", operation.name), ("le", bound)], Double(running))
            }
            page.sample(
                name + "_sum",
                labels: [("operation", operation.name)],
                Double(counts.durationNanoseconds) / 1e9
            )
            page.sample(name + "_count", labels: [("operation", operation.name)], Double(counts.requests))
        }
    }
}
