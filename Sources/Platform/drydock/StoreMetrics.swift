// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ObjectStore
import PlatformKit
import RegistryServer
import S3Server
import StorageTypes

/// The store's, the S3 service's and the registry's families of `/metrics`.
enum StoreMetrics {
    static func append(_ store: ObjectStore, to page: inout PrometheusText) {
        page.family("drydock_store_accepts_writes", .gauge, help: "1 while no sync or commit has failed.")
        page.sample("drydock_store_accepts_writes", store.writeRefusal == nil ? 1 : 0)
        let packs = store.packStatistics
        let gauges: [(name: String, help: String, value: UInt64)] = [
            ("packs", "Pack files.", packs.packCount),
            ("pack_bytes", "Bytes of the packs up to their last committed frame.", packs.byteCount),
            ("live_bytes", "Bytes of frames that something refers to.", packs.liveByteCount),
            ("live_chunks", "Chunks in packs.", packs.liveFrameCount),
            ("garbage_bytes", "Bytes in packs that nothing refers to.", packs.garbageByteCount),
        ]
        for gauge in gauges {
            page.family("drydock_store_\(gauge.name)", .gauge, help: gauge.help)
            page.sample("drydock_store_\(gauge.name)", Double(gauge.value))
        }
        if let space = store.driveSpace {
            page.family("drydock_store_free_bytes", .gauge, help: "What the drive has left.")
            page.sample("drydock_store_free_bytes", Double(space.freeByteCount))
            page.family("drydock_store_full", .gauge, help: "1 while contents are refused since the drive is full.")
            page.sample("drydock_store_full", space.isFull ? 1 : 0)
        }
        appendCollected(store.collectedGarbage, to: &page)
        let scrubs = store.scrubTotals
        let counters: [(name: String, help: String, value: UInt64)] = [
            ("passes", "Scrubs that read everything.", scrubs.passCount),
            ("bytes", "Bytes that scrubs read.", scrubs.byteCount),
            ("findings", "Damaged frames, inline contents and files that scrubs met.", scrubs.findingCount),
        ]
        appendCounters("drydock_scrub", counters, to: &page)
    }

    /// What each bucket holds, as it was last counted.
    static func append(_ statistics: StoreStatistics, to page: inout PrometheusText) {
        let engine = statistics.engine
        let stages: [(name: String, help: String, value: UInt64)] = [
            ("logical_bytes", "Bytes of contents in packs, each time they are stored.", engine.logicalByteCount),
            ("deduplicated_bytes", "Bytes of the distinct chunks.", engine.deduplicatedByteCount),
            ("compressed_bytes", "Their bytes as stored.", engine.compressedByteCount),
            ("inline_bytes", "Bytes of small contents, which ride in the metadata.", statistics.inlineByteCount),
            ("waiting_bytes", "Bytes of stored chunks that no bucket has, or not yet.", statistics.waitingByteCount),
            ("quarantined_frames", "Frames and inline contents found damaged.", engine.quarantinedFrameCount),
        ]
        for stage in stages {
            page.family("drydock_store_\(stage.name)", .gauge, help: stage.help + " Counted every quarter of an hour.")
            page.sample("drydock_store_\(stage.name)", Double(stage.value))
        }
        let columns: [(name: String, help: String, value: (BucketStatistics) -> Double)] = [
            ("objects", "Objects.", { Double($0.objectCount) }),
            ("logical_bytes", "Bytes of the objects.", { Double($0.logicalByteCount) }),
            ("deduplicated_bytes", "Bytes of the distinct chunks.", { Double($0.holdings.deduplicatedByteCount) }),
            ("compressed_bytes", "Their bytes as stored.", { Double($0.holdings.compressedByteCount) }),
            ("exclusive_bytes", "Those that no other bucket has.", { Double($0.holdings.exclusiveByteCount) }),
            ("relative_error", "Of the three before; 0 when exact.", { $0.holdings.relativeError }),
            ("uploads", "Multipart uploads under way.", { Double($0.uploadCount) }),
            ("upload_bytes", "Bytes of their parts.", { Double($0.uploadByteCount) }),
        ]
        for column in columns {
            let name = "drydock_bucket_\(column.name)"
            page.family(name, .gauge, help: column.help + " Counted every quarter of an hour.")
            for bucket in statistics.buckets {
                page.sample(name, labels: [("bucket", bucket.name.string)], column.value(bucket))
            }
        }
    }

    private static func appendCollected(_ report: GCReport, to page: inout PrometheusText) {
        let counters: [(name: String, help: String, value: UInt64)] = [
            ("contents", "Deleted contents whose chunks were given back.", report.contentCount),
            ("chunks", "Chunks taken out of the index.", report.chunkCount),
            ("moved_bytes", "Live frames moved to other packs.", report.movedByteCount),
            ("recompressed_packs", "Packs compressed again, or found to gain nothing.", report.recompressedPackCount),
            ("saved_bytes", "Bytes by which recompressed frames became shorter.", report.savedByteCount),
            ("deleted_bytes", "Bytes of deleted packs.", report.deletedByteCount),
            ("hole_bytes", "Bytes given back inside packs that stay.", report.holeByteCount),
            ("inline_bytes", "Bytes of small objects given back by the metadata.", report.inlineByteCount),
        ]
        appendCounters("drydock_gc", counters, to: &page)
    }

    private static func appendCounters(
        _ prefix: String,
        _ counters: [(name: String, help: String, value: UInt64)],
        to page: inout PrometheusText
    ) {
        for counter in counters {
            let name = "\(prefix)_\(counter.name)_total"
            page.family(name, .counter, help: counter.help)
            page.sample(name, Double(counter.value))
        }
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
        let sums = operations.map { (label: ("operation", $0.operation.name), counts: $0.counts) }
        appendSums("drydock_s3_received_bytes_total", "Body bytes of requests.", sums, to: &page) {
            Double($0.bytesReceived)
        }
        appendSums("drydock_s3_sent_bytes_total", "Body bytes of answers.", sums, to: &page) { Double($0.bytesSent) }
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
        let sums = methods.map { (label: ("method", $0.method), counts: $0.counts) }
        appendSums("drydock_registry_received_bytes_total", "Body bytes of requests.", sums, to: &page) {
            Double($0.bytesReceived)
        }
        appendSums("drydock_registry_sent_bytes_total", "Body bytes of answers.", sums, to: &page) {
            Double($0.bytesSent)
        }
        appendSums("drydock_registry_request_seconds_total", "Time spent on requests.", sums, to: &page) {
            Double($0.durationNanoseconds) / 1e9
        }
    }

    private static func appendSums<Counts>(
        _ name: String,
        _ help: String,
        _ counts: [(label: (String, String), counts: Counts)],
        to page: inout PrometheusText,
        _ value: (Counts) -> Double
    ) {
        page.family(name, .counter, help: help)
        for (label, counts) in counts { page.sample(name, labels: [label], value(counts)) }
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
