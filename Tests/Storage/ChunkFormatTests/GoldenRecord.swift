// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import StorageTypes
import Testing

/// Files of hexadecimal text, 16 bytes a line, under `Golden`. `DRYDOCK_REWRITE_GOLDEN=1` writes them anew; the diff is
/// what a reviewer reads.
enum GoldenRecord {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    /// Compares `bytes` with the file and returns what the file holds.
    @discardableResult
    static func check(_ bytes: [UInt8], _ name: String) throws -> [UInt8] {
        let file = directory.appending(path: name + ".hex")
        if ProcessInfo.processInfo.environment["DRYDOCK_REWRITE_GOLDEN"] == "1" {
            try Data(text(bytes).utf8).write(to: file)
        }
        let golden = try String(contentsOf: file, encoding: .utf8)
        let decoded = try #require(
            Hex.decode(golden.utf8.filter { $0 != 0x20 && $0 != 0x0a }),
            "\(name): not hexadecimal"
        )
        #expect(text(bytes) == golden, "\(name) differs from its golden file")
        return decoded
    }

    private static func text(_ bytes: [UInt8]) -> String {
        stride(from: 0, to: bytes.count, by: 16)
            .map { start in
                bytes[start..<min(start + 16, bytes.count)].map { Hex.encode([$0]) }.joined(separator: " ") + "\n"
            }
            .joined()
    }
}
