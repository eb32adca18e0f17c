// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Logging

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
        var values: [(String, Logger.MetadataValue)] = []
        if let provided = metadataProvider?.get() { values.append(contentsOf: provided.map { ($0.key, $0.value) }) }
        values.append(contentsOf: metadata.map { ($0.key, $0.value) })
        if let own = event.metadata { values.append(contentsOf: own.map { ($0.key, $0.value) }) }
        values.sort { $0.0 < $1.0 }
        var line: [UInt8] = []
        line.reserveCapacity(256)
        switch format {
        case .text: appendText(event, values, to: &line)
        case .json: appendJSON(event, values, to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        sink.append(line)
    }

    private func appendText(_ event: LogEvent, _ values: [(String, Logger.MetadataValue)], to line: inout [UInt8]) {
        line.append(contentsOf: Self.timestamp().utf8)
        line.append(contentsOf: " \(event.level.rawValue) \(label): ".utf8)
        // A line break inside a value would forge an entry.
        line.append(contentsOf: event.message.description.utf8.map { $0 < 0x20 ? UInt8(ascii: " ") : $0 })
        for (key, value) in values {
            line.append(contentsOf: " \(key)=".utf8)
            let text = "\(value)"
            if text.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "\"") }) {
                Self.appendQuoted(text, to: &line)
            } else {
                line.append(contentsOf: text.utf8)
            }
        }
    }

    private func appendJSON(_ event: LogEvent, _ values: [(String, Logger.MetadataValue)], to line: inout [UInt8]) {
        line.append(
            contentsOf: "{\"time\":\"\(Self.timestamp())\",\"level\":\"\(event.level.rawValue)\",\"logger\":".utf8
        )
        Self.appendQuoted(label, to: &line)
        line.append(contentsOf: ",\"message\":".utf8)
        Self.appendQuoted(event.message.description, to: &line)
        for (key, value) in values {
            line.append(UInt8(ascii: ","))
            Self.appendQuoted(key, to: &line)
            line.append(UInt8(ascii: ":"))
            Self.appendQuoted("\(value)", to: &line)
        }
        line.append(UInt8(ascii: "}"))
    }

    /// A JSON string.
    static func appendQuoted(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                line.append(UInt8(ascii: "\\"))
                line.append(byte)
            case 0..<0x20:
                let hex = Array("0123456789abcdef".utf8)
                line.append(contentsOf: "\\u00".utf8)
                line.append(hex[Int(byte >> 4)])
                line.append(hex[Int(byte & 15)])
            default:
                line.append(byte)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    /// `2026-01-02T03:04:05.678Z`
    static func timestamp() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var seconds = now.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let milliseconds = now.tv_nsec / 1_000_000
        let fraction =
            milliseconds < 10 ? "00\(milliseconds)" : milliseconds < 100 ? "0\(milliseconds)" : "\(milliseconds)"
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
    }
}
