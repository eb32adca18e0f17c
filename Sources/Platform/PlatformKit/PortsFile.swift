// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// `DATA/run/ports.json`: which port each listener really has, and whose process it is.
package struct PortsFile: Sendable, Codable, Equatable {
    package var pid: Int32
    package var bind: String
    package var s3: Int?
    package var registry: Int?
    package var admin: Int

    package init(pid: Int32, bind: String, s3: Int?, registry: Int?, admin: Int) {
        self.pid = pid
        self.bind = bind
        self.s3 = s3
        self.registry = registry
        self.admin = admin
    }

    package static func path(in dataDirectory: String) -> String {
        dataDirectory + "/run/ports.json"
    }

    package func write(in dataDirectory: String) throws {
        try DurableFile.makeDirectories(dataDirectory + "/run", mode: 0o755)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try DurableFile.write(try encoder.encode(self), to: Self.path(in: dataDirectory), mode: 0o644)
    }

    /// The listeners are gone, or about to go.
    package static func remove(in dataDirectory: String) {
        unlink(path(in: dataDirectory))
    }

    package static func read(in dataDirectory: String) throws -> PortsFile? {
        guard let data = try DurableFile.read(path(in: dataDirectory)) else { return nil }
        return try? JSONDecoder().decode(PortsFile.self, from: data)
    }
}
