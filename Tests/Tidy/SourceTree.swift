// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The repository's own files, as the tidy tests read them.
struct SourceTree {
    struct File {
        /// From the top of the repository.
        let path: String
        let lines: [String]
        /// The folder of a target: `Storage/ChunkEngine`.
        var target: String {
            path.split(separator: "/").dropFirst().prefix(2).joined(separator: "/")
        }
    }

    /// A broken rule: where, and what to do instead.
    struct Finding: CustomStringConvertible {
        let path: String
        let line: Int
        let advice: String
        var description: String { "\(path):\(line): \(advice)" }
    }

    static let top = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Swift files below a folder of the repository.
    static func swiftFiles(below folder: String) -> [File] {
        let base = top.appending(path: folder)
        guard let walk = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil) else { return [] }
        var files: [File] = []
        for case let url as URL in walk where url.pathExtension == "swift" && !url.path.contains("/.build/") {
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
            let path = folder + url.path.dropFirst(base.path.count)
            files.append(File(path: path, lines: text.components(separatedBy: "\n")))
        }
        return files.sorted { $0.path < $1.path }
    }

    /// What is left of a line without its comment and its string literals, so that words in text break no rule.
    static func code(_ line: String) -> String {
        var result = ""
        var isInString = false
        var previous: Character = " "
        for character in line {
            if character == "\"" && previous != "\\" { isInString.toggle() }
            if !isInString && character == "/" && previous == "/" { return String(result.dropLast()) }
            if !isInString { result.append(character) }
            previous = character
        }
        return result
    }
}
