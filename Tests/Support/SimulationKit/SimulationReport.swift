// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What a simulation has done so far.
package struct SimulationReport: Sendable {
    /// Machines that lost their power and were started and checked.
    package var crashStateCount = 0
    /// Of those, how many lost it while they recovered from the time before.
    package var recoveryCrashCount = 0
    package var lifeCount = 0
    package var operationCount = 0
    package var collectionCount = 0
    package var scrubCount = 0
    package var checkCount = 0
    package var commitCount = 0
    /// Contents that a collection had to leave because somebody used them.
    package var postponedContentCount = 0
    /// Objects whose parts were joined.
    package var joinedContentCount = 0
    /// Commits of more than one object, upload or part.
    package var sharedCommitCount = 0
    /// Chunks of damaged drives.
    package var rotCount = 0
    /// Refused and failed operations, among them those that a fault hit.
    package var failedOperationCount = 0
    /// By call and fault.
    package var faults: [String: Int] = [:]
    /// By what the power interrupted.
    package var crashes: [MachineCall: Int] = [:]

    package init() {}

    package mutating func add(_ other: SimulationReport) {
        crashStateCount += other.crashStateCount
        recoveryCrashCount += other.recoveryCrashCount
        lifeCount += other.lifeCount
        operationCount += other.operationCount
        scrubCount += other.scrubCount
        checkCount += other.checkCount
        collectionCount += other.collectionCount
        commitCount += other.commitCount
        postponedContentCount += other.postponedContentCount
        joinedContentCount += other.joinedContentCount
        sharedCommitCount += other.sharedCommitCount
        rotCount += other.rotCount
        failedOperationCount += other.failedOperationCount
        faults.merge(other.faults, uniquingKeysWith: +)
        crashes.merge(other.crashes, uniquingKeysWith: +)
    }
}

extension SimulationReport {
    /// What a person may want to read, in order.
    package var rows: [(name: String, count: Int)] {
        [
            ("crash states", crashStateCount), ("of them while recovering", recoveryCrashCount), ("lives", lifeCount),
            ("operations of clients", operationCount), ("of them refused or failed", failedOperationCount),
            ("commits", commitCount), ("commits of several clients", sharedCommitCount),
            ("collections of garbage", collectionCount), ("scrubs", scrubCount), ("checks", checkCount),
            ("contents in use that a collection left", postponedContentCount),
            ("objects of joined parts", joinedContentCount),
            ("damaged drives", rotCount),
        ] + crashes.sorted { $0.key.rawValue < $1.key.rawValue }.map { ("power lost before \($0.key)", $0.value) }
            + faults.sorted { $0.key < $1.key }.map { ("fault: \($0.key)", $0.value) }
    }
}
