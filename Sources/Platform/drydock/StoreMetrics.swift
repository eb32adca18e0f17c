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
    /// A family of one sample.
    private typealias Single = (name: String, help: String, value: UInt64)

    static func append(_ store: ObjectStore, to page: inout PrometheusText) {
        let (packs, scrubs) = (store.packStatistics, store.scrubTotals)
        var gauges: [Single] = [
            ("accepts_writes", "1 while no sync or commit has failed.", store.writeRefusal == nil ? 1 : 0),
            ("log_damaged", "1 while DATA/kept is there: nothing is collected.", store.keepsUnknown ? 1 : 0),
            (
                "damaged_uploads", "Uploads of which the last look for abandoned ones could not read a record.",
                UInt64(store.damagedUploadCount)
            ),
            ("packs", "Pack files.", packs.packCount),
            ("pack_bytes", "Bytes of the packs up to their last committed frame.", packs.byteCount),
            ("live_bytes", "Bytes of frames that something refers to.", packs.liveByteCount),
            ("live_chunks", "Chunks in packs.", packs.liveFrameCount),
            ("garbage_bytes", "Bytes in packs that nothing refers to, holes included.", packs.garbageByteCount),
        ]
        if let space = store.driveSpace {
            gauges.append(("free_bytes", "What the drive has left.", space.freeByteCount))
            gauges.append(("full", "1 while contents are refused since the drive is full.", space.isFull ? 1 : 0))
        }
        append(.gauge, "drydock_store", gauges, to: &page)
        appendCollected(store.collectedGarbage, to: &page)
        let scrubbed: [Single] = [
            ("passes_total", "Scrubs that read everything.", scrubs.passCount),
            ("bytes_total", "Bytes that scrubs read.", scrubs.byteCount),
            ("findings_total", "Damaged frames, inline contents and files that scrubs met.", scrubs.findingCount),
        ]
        append(.counter, "drydock_scrub", scrubbed, to: &page)
    }

    /// What each bucket holds, as it was last counted.
    static func append(_ statistics: StoreStatistics, to page: inout PrometheusText) {
        let engine = statistics.engine
        let stages: [Single] = [
            ("logical_bytes", "Bytes of contents in packs, each time they are stored.", engine.logicalByteCount),
            ("deduplicated_bytes", "Bytes of the distinct chunks.", engine.deduplicatedByteCount),
            ("compressed_bytes", "Their bytes as stored.", engine.compressedByteCount),
            ("inline_bytes", "Bytes of small contents, which ride in the metadata.", statistics.inlineByteCount),
            ("waiting_bytes", "Bytes of stored chunks that no bucket has, or not yet.", statistics.waitingByteCount),
            ("quarantined_frames", "Frames and inline contents found damaged.", engine.quarantinedFrameCount),
        ]
        append(.gauge, "drydock_store", stages.map { ($0.name, counted($0.help), $0.value) }, to: &page)
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
        let buckets = statistics.buckets.map { (label: $0.name.string, counts: $0) }
        for column in columns {
            append(
                .gauge,
                "drydock_bucket_\(column.name)",
                counted(column.help),
                by: "bucket",
                buckets,
                to: &page,
                column.value
            )
        }
    }

    private static func counted(_ help: String) -> String { help + " Counted every quarter of an hour." }

    private static func appendCollected(_ report: GCReport, to page: inout PrometheusText) {
        let collected: [Single] = [
            ("contents_total", "Deleted contents whose chunks were given back.", report.contentCount),
            ("chunks_total", "Chunks taken out of the index.", report.chunkCount),
            ("moved_bytes_total", "Live frames moved to other packs.", report.movedByteCount),
            (
                "recompressed_packs_total", "Packs compressed again, or found to gain nothing.",
                report.recompressedPackCount
            ),
            ("saved_bytes_total", "Bytes by which recompressed frames became shorter.", report.savedByteCount),
            ("deleted_bytes_total", "Bytes of deleted packs.", report.deletedByteCount),
            ("hole_bytes_total", "Bytes given back inside packs that stay.", report.holeByteCount),
            ("inline_bytes_total", "Bytes of small objects given back by the metadata.", report.inlineByteCount),
        ]
        append(.counter, "drydock_gc", collected, to: &page)
    }

    private static func append(
        _ kind: PrometheusText.Kind,
        _ prefix: String,
        _ families: [Single],
        to page: inout PrometheusText
    ) {
        for family in families {
            page.family("\(prefix)_\(family.name)", kind, help: family.help)
            page.sample("\(prefix)_\(family.name)", Double(family.value))
        }
    }

    /// A family with a sample for each of something.
    private static func append<Counts>(
        _ kind: PrometheusText.Kind,
        _ name: String,
        _ help: String,
        by label: String,
        _ counts: [(label: String, counts: Counts)],
        to page: inout PrometheusText,
        _ value: (Counts) -> Double
    ) {
        page.family(name, kind, help: help)
        for entry in counts { page.sample(name, labels: [(label, entry.label)], value(entry.counts)) }
    }

    static func append(_ metrics: S3Metrics, to page: inout PrometheusText) {
        let operations = metrics.snapshot()
        let sums = operations.map { (label: $0.operation.name, counts: $0.counts) }
        appendRequests("drydock_s3", by: "operation", sums.map { ($0.label, $0.counts.answers) }, to: &page)
        append(.counter, "drydock_s3_received_bytes_total", "Body bytes of requests.", by: "operation", sums, to: &page)
        {
            Double($0.bytesReceived)
        }
        append(.counter, "drydock_s3_sent_bytes_total", "Body bytes of answers.", by: "operation", sums, to: &page) {
            Double($0.bytesSent)
        }
        appendDurations(operations, to: &page)
    }

    static func append(_ metrics: RegistryMetrics, to page: inout PrometheusText) {
        let prefix = "drydock_registry"
        let sums = metrics.snapshot().map { (label: $0.method, counts: $0.counts) }
        appendRequests(prefix, by: "method", sums.map { ($0.label, $0.counts.answers) }, to: &page)
        append(.counter, prefix + "_received_bytes_total", "Body bytes of requests.", by: "method", sums, to: &page) {
            Double($0.bytesReceived)
        }
        append(.counter, prefix + "_sent_bytes_total", "Body bytes of answers.", by: "method", sums, to: &page) {
            Double($0.bytesSent)
        }
        append(.counter, prefix + "_request_seconds_total", "Time spent on requests.", by: "method", sums, to: &page) {
            Double($0.durationNanoseconds) / 1e9
        }
    }

    /// - Parameter requests: answers by the first digit of their status.
    private static func appendRequests(
        _ prefix: String,
        by label: String,
        _ requests: [(name: String, answers: [UInt64])],
        to page: inout PrometheusText
    ) {
        let family = "\(prefix)_requests_total"
        page.family(family, .counter, help: "Requests by \(label) and class of status.")
        for (name, answers) in requests {
            for (digit, count) in answers.enumerated() where count > 0 {
                let status = digit == 0 ? "none" : "\(digit)xx"
                page.sample(family, labels: [(label, name), ("status", status)], Double(count))
            }
        }
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
