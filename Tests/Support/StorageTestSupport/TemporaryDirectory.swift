// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A directory of its own, gone with all it holds when the object goes.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// - Parameter place: the directory to make it in; nil takes the usual one.
    package init(in place: String? = nil) {
        let base = place ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/drydock-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "can't make a temporary directory below \(base): errno \(errno)")
        path = template.withUnsafeBufferPointer { buffer in
            String(decoding: buffer.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    deinit { Self.removeTree(path) }

    package func file(_ name: String) -> String { path + "/" + name }

    private static func removeTree(_ path: String) {
        if let stream = opendir(path) {
            var names: [String] = []
            while let entry = readdir(stream) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
                }
                if name != "." && name != ".." { names.append(name) }
            }
            closedir(stream)
            for name in names where unlink(path + "/" + name) != 0 { removeTree(path + "/" + name) }
        }
        rmdir(path)
    }
}
