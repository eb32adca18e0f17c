// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import FoundationEssentials
package import StorageTypes

/// The key pair that may do everything; also the registry's first user.
package struct RootCredential: Sendable, Equatable {
    package let accessKey: String
    package let secretKey: String

    package init(accessKey: String, secretKey: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    package static func path(in dataDirectory: String) -> String {
        dataDirectory + "/root-credentials.json"
    }

    /// The pair of an earlier start; nil when there was none.
    package static func load(in dataDirectory: String) throws -> RootCredential? {
        let path = path(in: dataDirectory)
        guard let data = try DurableFile.read(path) else { return nil }
        guard let stored = try? JSONDecoder().decode(Stored.self, from: data) else {
            throw ConfigurationProblem("\(path) is not a credential file: it needs accessKey and secretKey")
        }
        let credential = RootCredential(accessKey: stored.accessKey, secretKey: stored.secretKey)
        guard stored.checksum ?? credential.checksum == credential.checksum else {
            throw ConfigurationProblem("\(path) is damaged; if it was edited, its checksum has to be removed")
        }
        if let problem = credential.problem { throw ConfigurationProblem("\(path): \(problem)") }
        return credential
    }

    /// A new pair, not stored yet.
    package static func generate(random: any RandomSource) -> RootCredential {
        RootCredential(
            accessKey: "DRYDOCK" + text(13, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", random),
            secretKey: text(40, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", random)
        )
    }

    /// Stores the pair for later starts, with mode 0600.
    package func save(in dataDirectory: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let stored = Stored(accessKey: accessKey, secretKey: secretKey, checksum: checksum)
        try DurableFile.write(try encoder.encode(stored), to: Self.path(in: dataDirectory), mode: 0o600)
    }

    /// The file. Without the checksum a flipped bit would be another key, which nobody could tell from a client's mistake.
    private struct Stored: Codable {
        var accessKey: String
        var secretKey: String
        /// Nil in a file that somebody wrote by hand.
        var checksum: String?
    }

    /// CRC32C of both.
    private var checksum: String {
        let crc = CRC32C.hash([UInt8]("\(accessKey)\n\(secretKey)".utf8))
        return Hex.encode(withUnsafeBytes(of: crc.bigEndian) { [UInt8]($0) })
    }

    /// What makes the pair unusable; nil when nothing does.
    var problem: String? {
        let isPlain = accessKey.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") }
        guard (3...128).contains(accessKey.utf8.count), isPlain else {
            return "root-access-key must be 3 to 128 printable characters without '/'"
        }
        guard (8...128).contains(secretKey.utf8.count) else {
            return "root-secret-key must be 8 to 128 bytes long"
        }
        return nil
    }

    /// Letters drawn without bias: values beyond the last whole multiple are drawn again.
    private static func text(_ count: Int, of alphabet: String, _ random: any RandomSource) -> String {
        let letters = Array(alphabet)
        let bound = UInt64.max - UInt64.max % UInt64(letters.count)
        var result = ""
        while result.count < count {
            let value = random.next()
            if value < bound { result.append(letters[Int(value % UInt64(letters.count))]) }
        }
        return result
    }
}

/// Whatever a log or a debugger makes of a value that holds the pair, the secret is not in it.
extension RootCredential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "root credential \(accessKey)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["accessKey": accessKey]) }
}
