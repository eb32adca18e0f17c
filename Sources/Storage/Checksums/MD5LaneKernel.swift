// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import CStorageShims

/// How many MD5 streams advance at once, and by which instructions.
package enum MD5LaneKernel: Sendable, Hashable, CaseIterable {
    /// One after the other, through OpenSSL.
    case scalar
    /// Up to 8 in lockstep: three to six times the throughput of one.
    case avx2
    /// Up to 16 in lockstep: nine times the throughput of one.
    case avx512

    package var laneCount: Int {
        switch self {
        case .scalar: 1
        case .avx2: 8
        case .avx512: 16
        }
    }

    package var isAvailable: Bool {
        switch self {
        case .scalar: true
        case .avx2: drydock_kernel_available(drydock_kernel_avx2)
        case .avx512: drydock_kernel_available(drydock_kernel_avx512)
        }
    }

    /// The widest that this CPU has.
    package static var best: MD5LaneKernel {
        [.avx512, .avx2].first(where: \.isAvailable) ?? .scalar
    }

    /// Lets each job absorb its next `blockCount` blocks. A single job takes the scalar way, which is faster for one
    /// (0.9 GB/s against 0.5 GB/s a lane).
    func advance(_ jobs: [MD5Job], blockCount: Int) {
        precondition(jobs.count <= laneCount)
        if jobs.count == 1 {
            jobs[0].advanceAlone(blockCount: blockCount)
        } else {
            advanceTogether(jobs, blockCount: blockCount)
        }
    }

    private func advanceTogether(_ jobs: [MD5Job], blockCount: Int) {
        withUnsafeTemporaryAllocation(of: (UInt32, UInt32, UInt32, UInt32).self, capacity: laneCount) { states in
            withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>.self, capacity: laneCount) { bytes in
                // An empty lane repeats the first job's work: the same bytes, so no more traffic from memory.
                for lane in 0..<laneCount {
                    let job = lane < jobs.count ? jobs[lane] : jobs[0]
                    states.initializeElement(at: lane, to: job.words)
                    guard let next = job.next else { preconditionFailure("a job without blocks is in a lane") }
                    bytes.initializeElement(at: lane, to: next)
                }
                guard let stateBase = states.baseAddress, let byteBase = bytes.baseAddress else { return }
                switch self {
                case .scalar: preconditionFailure("one lane holds one job")
                case .avx2: drydock_md5_avx2_x8(stateBase, byteBase, blockCount)
                case .avx512: drydock_md5_avx512_x16(stateBase, byteBase, blockCount)
                }
                for (lane, job) in jobs.enumerated() { job.absorbed(blockCount: blockCount, words: states[lane]) }
            }
        }
    }
}
