// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

extension HTTPLoop {
    /// Gives each connection that needs one a task; returns when the loop has drained and these tasks have ended.
    func dispatch() async {
        await withDiscardingTaskGroup { group in
            while true {
                for connection in takeUnserved() {
                    group.addTask { await connection.serve() }
                }
                if isFinished { break }
                await withUnsafeContinuation { dispatcher = $0 }
            }
            if wasCut { group.cancelAll() }
        }
    }

    func requestTask(for connection: HTTPConnection) {
        unserved.append(connection)
        wakeDispatcher()
    }

    func wakeDispatcher() {
        guard let dispatcher else { return }
        self.dispatcher = nil
        dispatcher.resume()
    }

    private func takeUnserved() -> [HTTPConnection] {
        defer { unserved.removeAll(keepingCapacity: true) }
        return unserved
    }
}
