// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// What the generator asks for.
enum Operation: String, ExpressibleByArgument, CaseIterable {
    case get, head, put, mixed, list, multipart, fill, delete
}

@main
struct DrydockLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drydock-load",
        abstract: "Puts load on an S3 server (or any web server) and says what it took.",
        discussion: """
            drydock-load --port 9000 --bucket bench --operation get --size 4096 --keys 1000 --fill \\
                --access-key ADA --secret-key ... --connections 32 --seconds 5 --server-pid 1234
            """
    )

    @Option(help: "IPv4 address of the server.") var address = "127.0.0.1"
    @Option(help: "Port of the server.") var port: UInt16
    @Option(help: "What to do.") var operation: Operation
    @Option(help: "Bucket; it must exist.") var bucket = "bench"
    @Option(help: "Bytes per object.") var size = 4096
    @Option(help: "Keys in use.") var keys = 1_000
    @Option(help: "Number of the first key.") var firstKey = 0
    @Option(help: "Prefix of the keys.") var prefix = "object-"
    @Option(help: "Connections.") var connections = 32
    @Option(help: "Threads of the generator.") var threads = 1
    @Option(help: "Seconds of load.") var seconds = 5.0
    @Option(
        help:
            "Requests per second of each thread, which then has one connection; without it as many as there are answers."
    )
    var perSecond: Double?
    @Option(help: "Share of reads in mixed load.") var readShare = 0.7
    @Option(help: "Part size of multipart uploads in bytes; size is the object's.") var partSize = 8 << 20
    @Option(help: "Access key; without one requests are anonymous.") var accessKey: String?
    @Option(help: "Secret key.") var secretKey = ""
    @Option(help: "Query of a listing, encoded and sorted.") var listQuery = "list-type=2&max-keys=1000"
    @Option(help: "Processes whose CPU time is the server's.") var serverPid: [Int32] = []
    @Option(help: "GET these paths instead of objects of a bucket.") var path: [String] = []
    @Option(help: "A header line of each request.") var header: [String] = []
    @Flag(help: "GET everything once, however long that takes.") var once = false
    @Flag(help: "PUT the same content again and again.") var repeated = false
    @Flag(help: "Store the objects first.") var fill = false

    func validate() throws {
        guard let perSecond else { return }
        guard perSecond > 0, connections == threads else {
            throw ValidationError("--per-second takes a number above 0 and one connection for each thread")
        }
    }

    func run() throws {
        // A connection that the server closes must not end the generator.
        signal(SIGPIPE, SIG_IGN)
        if fill { try report(load(.fill), silently: true) }
        if operation == .multipart { return try runMultipart() }
        try report(load(operation))
    }

    struct Result {
        var measurement: Measurement
        var elapsed: Double
        var cpu: Double
        var residentBytes: Int
    }

    func load(_ operation: Operation) -> Result {
        let usage = ServerUsage(pids: serverPid)
        let share = max(1, connections / threads)
        let nanoseconds = UInt64(seconds * 1e9)
        let isEndless = once || operation == .fill || operation == .delete
        let workers = (0..<threads).map { index in
            Worker(
                plan: plan(operation, worker: index, connectionCount: share),
                address: inet_addr(address),
                port: port,
                connectionCount: share,
                durationNanoseconds: isEndless ? 3_600_000_000_000 : nanoseconds,
                intervalNanoseconds: perSecond.map { UInt64(1e9 / $0) } ?? 0
            )
        }
        let cpu = usage.cpuSeconds()
        let start = monotonicNanoseconds()
        let measurement = Threads.run(workers)
        let elapsed = Double(monotonicNanoseconds() - start) / 1e9
        return Result(
            measurement: measurement,
            elapsed: elapsed,
            cpu: usage.cpuSeconds() - cpu,
            residentBytes: usage.residentBytes()
        )
    }

    private var builder: RequestBuilder {
        RequestBuilder(host: "\(address):\(port)", accessKey: accessKey, secretKey: secretKey, headers: header)
    }

    func key(_ number: Int) -> String {
        let digits = String(number)
        return prefix + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    private func plan(_ operation: Operation, worker: Int, connectionCount: Int) -> any Plan {
        func heads(_ method: String, length: Int? = nil) -> [[UInt8]] {
            (firstKey..<firstKey + keys).map {
                builder.head(method, path: "/\(bucket)/\(key($0))", contentLength: length)
            }
        }
        func mine(_ all: [[UInt8]]) -> ArraySlice<[UInt8]> {
            all[(all.count * worker / threads)..<(all.count * (worker + 1) / threads)]
        }
        func puts() -> PutPlan {
            PutPlan(
                heads: heads("PUT", length: size),
                byteCount: size,
                isUnique: !repeated,
                connectionCount: connectionCount,
                seed: UInt64(worker + 1) &+ monotonicNanoseconds()
            )
        }
        func gets() -> [[UInt8]] {
            path.isEmpty ? heads("GET") : path.map { builder.head("GET", path: $0) }
        }
        func repeatedGets() -> RepeatingPlan {
            let all = gets()
            return RepeatingPlan(heads: all, firstTurn: all.count * worker / threads)
        }
        switch operation {
        case .get: return once ? ExhaustivePlan(heads: mine(gets()), body: nil) : repeatedGets()
        case .head: return RepeatingPlan(heads: heads("HEAD"), firstTurn: keys * worker / threads)
        case .list:
            return RepeatingPlan(heads: [builder.head("GET", path: "/\(bucket)", query: listQuery)], firstTurn: 0)
        case .put: return puts()
        case .mixed: return MixedPlan(first: repeatedGets(), second: puts(), share: readShare)
        case .fill: return ExhaustivePlan(heads: mine(heads("PUT", length: size)), body: Threads.sharedBody(size))
        case .delete: return ExhaustivePlan(heads: mine(heads("DELETE")), body: nil)
        case .multipart: preconditionFailure("multipart has a run of its own")
        }
    }

    func report(_ result: Result, silently: Bool = false) throws {
        let measurement = result.measurement
        let bytes = measurement.bodyBytesReceived + measurement.bodyBytesSent
        let requests = Double(measurement.histogram.total)
        func milliseconds(_ share: Double) -> Double { Double(measurement.histogram.nanoseconds(at: share)) / 1e6 }
        let failed = measurement.failures.values.reduce(0, +)
        if !silently {
            print(
                "{\"operation\": \"\(operation.rawValue)\", \"requests\": \(measurement.histogram.total), "
                    + "\"seconds\": \(result.elapsed), \"perSecond\": \(requests / result.elapsed), "
                    + "\"megabytesPerSecond\": \(Double(bytes) / 1e6 / result.elapsed), "
                    + "\"p50ms\": \(milliseconds(0.5)), \"p99ms\": \(milliseconds(0.99)), "
                    + "\"p999ms\": \(milliseconds(0.999)), \"maxms\": \(milliseconds(1)), "
                    + "\"over10ms\": \(measurement.histogram.count(above: 10_000_000)), "
                    + "\"cpuSeconds\": \(result.cpu), "
                    + "\"cpuMicrosecondsPerRequest\": \(result.cpu * 1e6 / max(1, requests)), "
                    + "\"cpuSecondsPerGigabyte\": \(result.cpu / max(1, Double(bytes)) * 1e9), "
                    + "\"residentBytes\": \(result.residentBytes), \"failures\": \(failed)}"
            )
        }
        if failed > 0 {
            throw ValidationError("\(failed) requests failed, first: \(measurement.firstFailure ?? "?")")
        }
    }
}
