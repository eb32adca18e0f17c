// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import MetadataStore
import PlatformKit

/// What every verb on a store takes.
struct StoreFlags: ParsableArguments {
    @Option(help: "The data directory. Default: as for drydock serve.")
    var data: String?
    @Option(help: "Configuration file that names the data directory. Default: as for drydock serve.")
    var config: String?
    @Flag(help: "Print the result as JSON.")
    var json = false

    func load() throws -> ServeConfiguration {
        let environment = ProcessInfo.processInfo.environment
        return try ServeConfiguration.load(
            flags: data.map { [ServeSetting.data.rawValue: $0] } ?? [:],
            environment: environment,
            fileText: try ServeFlags.fileText(config, environment),
            isRoot: geteuid() == 0
        )
    }

    func open(_ directory: DataDirectory, _ configuration: ServeConfiguration) throws -> StoreParts {
        let parts = try StoreParts(directory, metadataCacheByteCount: configuration.metadataCacheMebibytes << 20)
        if let damage = parts.metadata.logDamage {
            Self.warn("the metadata log was damaged: changes recorded behind the damage are lost (\(damage))")
        }
        if parts.hasUsedReserve { Self.warn("the drive is full: its reserve was given up to open the metadata") }
        return parts
    }

    private static func warn(_ sentence: String) {
        _ = (sentence + "\n").withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }

    /// Shows a result: JSON for programs, `name: value` lines for people.
    func show(_ report: some Encodable, text: [(String, String)]) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return print(String(decoding: try encoder.encode(report), as: UTF8.self))
        }
        for (name, value) in text { print("\(name): \(Self.visible(value))") }
    }

    /// Keys have any characters: a line break would forge a line, an escape sequence write over others.
    private static func visible(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { line, scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: line += scalar.escaped(asASCII: true)
            default: line.unicodeScalars.append(scalar)
            }
        }
    }

    /// `1234567` as `1.2 MB`.
    static func bytes(_ count: UInt64) -> String {
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB"] {
            if value < 1_000 { return unit == "B" ? "\(count) B" : "\((value * 10).rounded() / 10) \(unit)" }
            value /= 1_000
        }
        return "\((value * 10).rounded() / 10) TB"
    }
}
