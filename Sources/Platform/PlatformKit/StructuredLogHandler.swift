// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import StorageTypes

/// Writes each entry as one line: `key=value` text for people, a JSON object for machines.
package struct StructuredLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: LogFormat
    private let sink: LogSink

    package init(label: String, level: Logger.Level, format: LogFormat, sink: LogSink) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.sink = sink
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { $1 } }
        if let own = event.metadata { merged.merge(own) { $1 } }
        let values = merged.sorted { $0.key < $1.key }
        var line: [UInt8] = []
        line.reserveCapacity(256)
        switch format {
        case .text: appendText(event, values, to: &line)
        case .json: appendJSON(event, values, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        sink.append(line)
    }

    private static var timestamp: String { ISO8601.format(SystemClock().now()) }

    private func appendText(_ event: LogEvent, _ values: [Logger.Metadata.Element], to line: inout [UInt8]) {
        line.append(contentsOf: Self.timestamp.utf8)
        line.append(contentsOf: " \(event.level.rawValue) \(label): ".utf8)
        // A line break inside a value would forge an entry.
        line.append(contentsOf: event.message.description.utf8.map { $0 < 0x20 ? UInt8(ascii: " ") : $0 })
        for (key, value) in values {
            line.append(contentsOf: " \(key)=".utf8)
            let text = "\(value)"
            if text.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "\"") }) {
                JSONWriter.append(quoted: text, to: &line)
            } else {
                line.append(contentsOf: text.utf8)
            }
        }
    }

    private func appendJSON(_ event: LogEvent, _ values: [Logger.Metadata.Element], to line: inout [UInt8]) {
        line.append(
            contentsOf: "{\"time\":\"\(Self.timestamp)\",\"level\":\"\(event.level.rawValue)\",\"logger\":".utf8
        )
        JSONWriter.append(quoted: label, to: &line)
        line.append(contentsOf: ",\"message\":".utf8)
        JSONWriter.append(quoted: event.message.description, to: &line)
        for (key, value) in values {
            line.append(UInt8(ascii: ","))
            JSONWriter.append(quoted: key, to: &line)
            line.append(UInt8(ascii: ":"))
            JSONWriter.append(quoted: "\(value)", to: &line)
        }
        line.append(UInt8(ascii: "}"))
    }
}
