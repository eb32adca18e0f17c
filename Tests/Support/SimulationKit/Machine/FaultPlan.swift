// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTestSupport

/// What goes wrong in one life of a store, beside the power.
struct FaultPlan: Sendable {
    /// One call of a kind fails once.
    struct Strike: Sendable {
        let call: MachineCall
        let fault: SimulatedFault
        /// Calls of the kind that still go well.
        var delay: Int
    }

    private static let calls: [MachineCall] = [
        .create, .write, .write, .sync, .sync, .sync, .sync, .syncDirectory, .commit, .commit, .remove, .truncate,
        .deallocate, .read, .read,
    ]

    private(set) var strikes: [Strike] = []
    /// Room for content, in bytes; nil: without limit.
    let room: Int?
    /// One read in so many arrives with a bit turned over; nil: none.
    let flipInterval: Int?

    /// Half of all lives know no fault: else every store would soon refuse all writes.
    init(_ generator: inout SeededGenerator) {
        switch generator.below(12) {
        case 0..<6: (room, flipInterval) = (nil, nil)
        case 6..<10:
            (room, flipInterval) = (nil, nil)
            for _ in 0...generator.below(2) {
                let call = generator.pick(Self.calls)
                let fault: SimulatedFault = call == .read || generator.coin() ? .ioFailure : .noSpace
                strikes.append(Strike(call: call, fault: fault, delay: generator.below(12)))
            }
        case 10: (room, flipInterval) = (256 << generator.below(6), nil)
        default: (room, flipInterval) = (nil, 2 + generator.below(20))
        }
    }

    /// No fault at all.
    init() {
        (room, flipInterval) = (nil, nil)
    }

    /// The fault that meets this call.
    mutating func next(_ call: MachineCall) -> SimulatedFault? {
        for index in strikes.indices where strikes[index].call == call {
            strikes[index].delay -= 1
            if strikes[index].delay < 0 { return strikes.remove(at: index).fault }
        }
        return nil
    }
}
