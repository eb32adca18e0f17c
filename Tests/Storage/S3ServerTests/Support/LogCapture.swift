// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// Keeps every entry, so that a test can look for what must and what must not be there.
final class LogCapture: LogHandler, Sendable {
    struct Entry: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: Logger.Metadata
    }

    private let state = Mutex<[Entry]>([])

    var entries: [Entry] { state.withLock { $0 } }

    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        state.withLock {
            $0.append(
                Entry(level: event.level, message: event.message.description, metadata: event.metadata ?? [:])
            )
        }
    }
}
