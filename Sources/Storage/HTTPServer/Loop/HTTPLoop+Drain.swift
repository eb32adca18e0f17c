// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension HTTPLoop {
    /// A connection that looks idle may have a request in its socket already; this long is left for it to be seen.
    private static let lastLook = TimeAmount.milliseconds(20)

    /// On the loop; a second call can only shorten the grace time.
    func beginDrain(grace: TimeAmount) {
        if !isDraining {
            isDraining = true
            openAtDrainCount = openConnections.count
            eventLoop.scheduleTask(in: min(Self.lastLook, grace)) { self.closeIdleConnections() }
        }
        cutTimer?.cancel()
        cutTimer = eventLoop.scheduleTask(in: grace) { self.cutConnections() }
        if openConnections.isEmpty { finishDrainIfDone() }
    }

    private func closeIdleConnections() {
        for connection in openConnections where connection.isIdle {
            drainResult.idleCount += 1
            connection.closeIdle()
        }
        finishDrainIfDone()
    }

    private func cutConnections() {
        wasCut = true
        for connection in openConnections {
            if connection.isIdle { drainResult.idleCount += 1 } else { drainResult.cutCount += 1 }
            connection.cut()
        }
        finishDrainIfDone()
    }

    func finishDrainIfDone() {
        guard isDraining, !isFinished, openConnections.isEmpty else { return }
        isFinished = true
        cutTimer?.cancel()
        drainResult.finishedCount = max(0, openAtDrainCount - drainResult.idleCount - drainResult.cutCount)
        turns.close()
        drained.succeed(drainResult)
        wakeDispatcher()
    }
}
