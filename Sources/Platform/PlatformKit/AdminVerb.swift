// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import StorageTypes

/// Something that `POST /v1/NAME` does for the command line, with a JSON document as its result.
package struct AdminVerb: Sendable {
    package let name: String
    /// Gets the query's values by name.
    package let run: @Sendable ([String: String]) async throws -> Data

    package init<Report: Encodable & SendableMetatype>(
        _ name: String,
        _ run: @escaping @Sendable ([String: String]) async throws -> Report
    ) {
        self.name = name
        self.run = { try JSONEncoder().encode(try await run($0)) }
    }
}

/// What lets the command line of this machine use the admin port: whoever can read the data directory may do anything anyway.
package struct AdminToken: Sendable, Equatable {
    package let text: String

    package init(text: String) {
        self.text = text
    }

    package static func generate(random: any RandomSource) -> AdminToken {
        AdminToken(text: Hex.encode((0..<4).flatMap { _ in withUnsafeBytes(of: random.next()) { [UInt8]($0) } }))
    }

    private static func path(in dataDirectory: String) -> String {
        dataDirectory + "/run/admin-token"
    }

    package static func read(in dataDirectory: String) throws -> AdminToken? {
        try DurableFile.read(path(in: dataDirectory)).map { AdminToken(text: String(decoding: $0, as: UTF8.self)) }
    }

    /// With mode 0600.
    package func write(in dataDirectory: String) throws {
        try DurableFile.makeDirectories(dataDirectory + "/run", mode: 0o755)
        try DurableFile.write(Data(text.utf8), to: Self.path(in: dataDirectory), mode: 0o600)
    }

    /// Compares in a time that does not depend on where the texts differ.
    func matches(_ header: String?) -> Bool {
        let (given, expected) = (Array((header ?? "").utf8), Array("Bearer \(text)".utf8))
        guard given.count == expected.count else { return false }
        return zip(given, expected).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
