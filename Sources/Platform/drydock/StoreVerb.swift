// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import MetadataStore
import ObjectStore
import PlatformKit

/// A verb of the command line that works on a stopped store and, through the admin port, on one that is served.
protocol StoreVerb: SendableMetatype {
    associatedtype Report: Codable & Sendable

    static var verbName: String { get }
    /// What the flags amount to, for the server.
    var query: [(name: String, value: String)] { get }

    /// On a store that nobody serves.
    func run(_ directory: DataDirectory, _ parts: StoreParts) async throws -> Report
    /// In the server.
    static func run(on store: ObjectStore, _ query: [String: String], _ logger: Logger) async throws -> Report
}

extension StoreVerb {
    /// Wherever the store is. A server is asked only while somebody has the lock: where a killed one listened somebody else may.
    func report(_ flags: StoreFlags) async throws -> Report {
        let configuration = try flags.load()
        do {
            // Held to the end, so no server starts meanwhile.
            let directory = try DataDirectory(configuration.dataDirectory, mayCreate: false)
            let parts = try flags.open(directory, configuration)
            defer { parts.metadata.close() }
            return try await run(directory, parts)
        } catch let failure as DataDirectory.NotLocked {
            guard let client = try AdminClient(dataDirectory: configuration.dataDirectory),
                let document = try await Self.post(client, query)
            else { throw failure }
            return try JSONDecoder().decode(Report.self, from: document)
        }
    }

    /// The server does the same by itself now and then: that one goes first.
    private static func post(_ client: AdminClient, _ query: [(name: String, value: String)]) async throws -> Data? {
        while true {
            do {
                return try client.post(verbName, query)
            } catch let refusal as AdminClient.Refusal where refusal.isBusy {
                try await Task.sleep(for: .milliseconds(200))
            } catch let refusal as AdminClient.Refusal {
                throw ConfigurationProblem("\(verbName): \(refusal)")
            }
        }
    }

    static func adminVerb(_ store: ObjectStore, _ logger: Logger) -> AdminVerb {
        AdminVerb(verbName) { query in try await run(on: store, query, logger) }
    }
}
