// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Builds a page in the Prometheus text format, version 0.0.4.
package struct PrometheusText: Sendable {
    package private(set) var text = ""

    package init() {}

    /// What a family of samples counts.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    package mutating func family(_ name: String, _ kind: Kind, help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    package mutating func sample(_ name: String, labels: [(String, String)] = [], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",") + "}"
        }
        let isWhole = value == value.rounded() && abs(value) < 9e15
        text += isWhole ? " \(Int64(value))\n" : " \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for character in value {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result
    }
}
