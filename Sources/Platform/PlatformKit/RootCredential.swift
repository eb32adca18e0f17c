// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import StorageTypes

/// The key pair that may do everything; also the registry's first user.
package struct RootCredential: Sendable, Codable, Equatable {
    package let accessKey: String
    package let secretKey: String

    package init(accessKey: String, secretKey: String) {
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    package static func path(in dataDirectory: String) -> String {
        dataDirectory + "/root-credentials.json"
    }

    /// Reads the pair of an earlier start, or makes one and stores it with mode 0600.
    ///
    /// - Returns: the pair, and whether it is new and must be said.
    package static func loadOrGenerate(
        in dataDirectory: String,
        random: any RandomSource
    ) throws -> (credential: RootCredential, isNew: Bool) {
        let path = path(in: dataDirectory)
        if let data = try DurableFile.read(path) {
            guard let credential = try? JSONDecoder().decode(RootCredential.self, from: data) else {
                throw ConfigurationProblem("\(path) is not a credential file: it needs accessKey and secretKey")
            }
            return (credential, false)
        }
        let credential = RootCredential(
            accessKey: "DRYDOCK" + text(13, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", random),
            secretKey: text(40, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", random)
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try DurableFile.write(try encoder.encode(credential), to: path, mode: 0o600)
        return (credential, true)
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
