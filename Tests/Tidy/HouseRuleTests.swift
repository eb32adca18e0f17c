// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// House rules that a compiler does not know.
@Suite struct HouseRuleTests {
    /// Calls that reach for what must be passed in, or that end the process on bad bytes.
    static let bannedInStorage: [(call: String, advice: String)] = [
        ("Task {", "no unstructured tasks in Storage: use a task group or the worker pool"),
        ("Task.detached", "no unstructured tasks in Storage: use a task group or the worker pool"),
        ("fatalError(", "throw for the world's mistakes, precondition for a caller's"),
        ("try!", "handle the error"),
        ("print(", "pass a logger in"),
        ("FileManager", "go through FileSystem"),
        ("Date()", "pass a WallClock in"),
        ("UUID()", "pass a RandomSource in"),
        ("nonisolated(unsafe)", "use a Mutex"),
    ]

    /// The name itself, not the end of a longer one: `addTask {` is structured.
    static func calls(_ name: String, in code: String) -> Bool {
        guard let found = code.range(of: name) else { return false }
        guard found.lowerBound > code.startIndex else { return true }
        let before = code[code.index(before: found.lowerBound)]
        return !before.isLetter && before != "."
    }

    @Test func `storage and registry reach for nothing that should be passed in`() {
        var findings: [SourceTree.Finding] = []
        for file in SourceTree.swiftFiles(below: "Sources/Storage") + SourceTree.swiftFiles(below: "Sources/Registry") {
            for (index, line) in file.lines.enumerated() {
                let code = SourceTree.code(line)
                for (call, advice) in Self.bannedInStorage where Self.calls(call, in: code) {
                    findings.append(.init(path: file.path, line: index + 1, advice: "\(call): \(advice)"))
                }
            }
        }
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test func `each file says whose it is and under which licence`() {
        for file in SourceTree.swiftFiles(below: "Sources") + SourceTree.swiftFiles(below: "Tests") {
            let head = file.lines.prefix(2)
            #expect(head.first == "// Copyright the Drydock authors", "\(file.path)")
            #expect(head.last == "// SPDX-License-Identifier: Apache-2.0", "\(file.path)")
        }
    }

    @Test func `no file has grown beyond 500 lines`() {
        for file in SourceTree.swiftFiles(below: "Sources") {
            #expect(file.lines.count <= 501, "\(file.path) has \(file.lines.count - 1) lines: split it by concern")
        }
    }

    @Test func `unchecked sendability says what makes it true`() {
        var findings: [SourceTree.Finding] = []
        for file in SourceTree.swiftFiles(below: "Sources") {
            for (index, line) in file.lines.enumerated() where line.contains("@unchecked Sendable") {
                let around = file.lines[max(0, index - 12)...min(file.lines.count - 1, index + 4)]
                let explains = around.contains { text in
                    text.contains("//")
                        && ["lock", "loop", "thread", "own", "safe", "confined", "immutable", "serial", "one"]
                            .contains { text.lowercased().contains($0) }
                }
                if !explains {
                    findings.append(
                        .init(
                            path: file.path,
                            line: index + 1,
                            advice: "say which lock or ownership makes this Sendable"
                        )
                    )
                }
            }
        }
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test func `package types are documented`() {
        let kinds = ["struct", "enum", "class", "actor", "protocol"]
        var findings: [SourceTree.Finding] = []
        for file in SourceTree.swiftFiles(below: "Sources") {
            for (index, line) in file.lines.enumerated() where line.hasPrefix("package ") || line.hasPrefix("public ") {
                let words = line.split(separator: " ").map(String.init)
                guard let kind = words.dropFirst().first(where: { $0 != "final" && $0 != "indirect" }),
                    kinds.contains(kind)
                else { continue }
                var above = index - 1
                while above >= 0, file.lines[above].hasPrefix("@") || file.lines[above].hasPrefix("// ") { above -= 1 }
                if above < 0 || !file.lines[above].hasPrefix("///") {
                    findings.append(
                        .init(path: file.path, line: index + 1, advice: "a one-sentence doc comment is missing")
                    )
                }
            }
        }
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test func `nothing is left to do without an issue`() {
        for file in SourceTree.swiftFiles(below: "Sources") {
            for (index, line) in file.lines.enumerated() {
                #expect(!line.contains("TODO") && !line.contains("FIXME"), "\(file.path):\(index + 1)")
            }
        }
    }

    @Test(arguments: ["ChunkFormat", "ObjectStore"])
    func `each target with a format on disk has its page`(target: String) {
        let page = SourceTree.top.appending(path: "Sources/Storage/\(target)/\(target).docc/OnDiskFormat.md")
        #expect(FileManager.default.fileExists(atPath: page.path))
    }
}
