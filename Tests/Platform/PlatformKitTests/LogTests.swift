// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Logging
import PlatformKit
import Testing

@Suite struct LogTests {
    /// What a handler writes for one entry.
    func lines(format: LogFormat, _ body: (Logger) -> Void) throws -> [String] {
        let directory = try ScratchDirectory()
        let path = directory.path + "/log"
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        let sink = LogSink(descriptor: descriptor)
        sink.start()
        var logger = Logger(label: "test") { StructuredLogHandler(label: $0, level: .info, format: format, sink: sink) }
        logger[metadataKey: "service"] = "s3"
        body(logger)
        sink.stop()
        close(descriptor)
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func `a JSON entry is one object whatever is in it`() throws {
        let lines = try lines(format: .json) {
            $0.info("put \"x\"\n", metadata: ["key": "a\u{1}b\\", "status": "200"])
        }
        #expect(lines.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: String]
        #expect(object?["message"] == "put \"x\"\n")
        #expect(object?["key"] == "a\u{1}b\\")
        #expect(object?["service"] == "s3")
        #expect(object?["level"] == "info")
    }

    @Test func `an entry's own metadata takes the place of its logger's`() throws {
        let lines = try lines(format: .text) { $0.info("a", metadata: ["service": "registry", "other": "x"]) }
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix("info test: a other=x service=registry"))
    }

    @Test func `a text entry can't be forged by a line break`() throws {
        let lines = try lines(format: .text) { $0.info("a\nb", metadata: ["key": "c\nd"]) }
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix("info test: a b key=\"c\\nd\" service=s3"))
    }

    @Test func `entries below the level cost nothing and all above arrive in order`() throws {
        let lines = try lines(format: .text) { logger in
            logger.debug("hidden")
            for number in 0..<5_000 { logger.info("n\(number)") }
        }
        #expect(lines.count == 5_000)
        #expect(lines.first?.contains("n0 ") == true)
        #expect(lines.last?.contains("n4999 ") == true)
    }
}
