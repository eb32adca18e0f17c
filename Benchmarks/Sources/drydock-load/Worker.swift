// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CLoadShims
import Glibc

/// What one thread of the generator measured.
struct Measurement {
    var histogram = Histogram()
    var bodyBytesReceived: UInt64 = 0
    var bodyBytesSent: UInt64 = 0
    /// Answers that were not 2xx, by status; 0 for broken connections.
    var failures: [Int: Int] = [:]
    var firstFailure: String?

    mutating func merge(_ other: Measurement) {
        histogram.merge(other.histogram)
        bodyBytesReceived += other.bodyBytesReceived
        bodyBytesSent += other.bodyBytesSent
        failures.merge(other.failures, uniquingKeysWith: +)
        firstFailure = firstFailure ?? other.firstFailure
    }
}

func monotonicNanoseconds() -> UInt64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

/// Drives some connections until the time is over or the plan is done.
struct Worker {
    let plan: any Plan
    let address: UInt32
    let port: UInt16
    let connectionCount: Int
    let durationNanoseconds: UInt64
    /// From one request to the next, where the answer took less; for workers with one connection.
    var intervalNanoseconds: UInt64 = 0

    func run() -> Measurement {
        var measurement = Measurement()
        let poll = epoll_create1(0)
        defer { close(poll) }
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { scratch.deallocate() }
        var connections: [Int32: Connection] = [:]
        let start = monotonicNanoseconds()
        for _ in 0..<connectionCount { open(into: &connections, poll, &measurement) }
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        let deadline = start + durationNanoseconds
        while !connections.isEmpty {
            let count = epoll_wait(poll, &events, 256, 1_000)
            let now = monotonicNanoseconds()
            for index in 0..<max(0, Int(count)) {
                guard let connection = connections[events[index].data.fd] else { continue }
                guard handle(connection, scratch, now < deadline, poll, &measurement) else {
                    connections[connection.descriptor] = nil
                    continue
                }
            }
            // An answer that does not come is a failure, not a wait without end.
            if now > deadline + 30_000_000_000 {
                measurement.failures[0, default: 0] += connections.count
                measurement.firstFailure = measurement.firstFailure ?? "no answer for 30 s"
                break
            }
        }
        return measurement
    }

    private func open(into connections: inout [Int32: Connection], _ poll: Int32, _ measurement: inout Measurement) {
        guard let connection = Connection(address: address, port: port) else {
            measurement.failures[0, default: 0] += 1
            measurement.firstFailure = measurement.firstFailure ?? "can't connect"
            return
        }
        guard begin(connection) else { return }
        connections[connection.descriptor] = connection
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | (connection.wantsToWrite ? EPOLLOUT.rawValue : 0)
        event.data.fd = connection.descriptor
        epoll_ctl(poll, EPOLL_CTL_ADD, connection.descriptor, &event)
    }

    /// The plan's next request; false when there is none left.
    private func begin(_ connection: Connection) -> Bool {
        guard let request = plan.next() else { return false }
        connection.tag = request.tag
        connection.start(head: request.head, body: request.body, now: monotonicNanoseconds())
        return connection.send()
    }

    /// False when the connection is done with.
    private func handle(
        _ connection: Connection,
        _ scratch: UnsafeMutableRawBufferPointer,
        _ mayGoOn: Bool,
        _ poll: Int32,
        _ measurement: inout Measurement
    ) -> Bool {
        let hadToWrite = connection.wantsToWrite
        if hadToWrite, !connection.send() { return fail("send errno \(errno)", connection, &measurement) }
        switch connection.receive(scratch) {
        case .waiting: break
        case .failed(let reason): return fail(reason, connection, &measurement)
        case .answered(let status, let bodyBytes):
            measurement.histogram.record(nanoseconds: monotonicNanoseconds() - connection.startedAt)
            measurement.bodyBytesReceived += UInt64(bodyBytes)
            measurement.bodyBytesSent += UInt64(plan.bodyByteCount)
            if !(200..<300).contains(status) {
                measurement.failures[status, default: 0] += 1
                measurement.firstFailure = measurement.firstFailure ?? "status \(status)"
            }
            plan.finished(tag: connection.tag)
            guard mayGoOn else { return false }
            sleep(until: connection.startedAt + intervalNanoseconds)
            guard begin(connection) else { return false }
        }
        if hadToWrite != connection.wantsToWrite {
            var event = epoll_event()
            event.events = EPOLLIN.rawValue | (connection.wantsToWrite ? EPOLLOUT.rawValue : 0)
            event.data.fd = connection.descriptor
            epoll_ctl(poll, EPOLL_CTL_MOD, connection.descriptor, &event)
        }
        return true
    }

    private func sleep(until due: UInt64) {
        guard intervalNanoseconds > 0 else { return }
        var time = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
    }

    private func fail(_ reason: String, _ connection: Connection, _ measurement: inout Measurement) -> Bool {
        measurement.failures[0, default: 0] += 1
        measurement.firstFailure = measurement.firstFailure ?? reason
        plan.finished(tag: connection.tag)
        return false
    }
}
