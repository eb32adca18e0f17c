// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import PlatformKit
import ServiceLifecycle

/// Says where the listeners are once the group runs, which is when signals are handled: whoever waits for the ports
/// file may stop the process the moment it appears.
struct Readiness: Service {
    let configuration: ServeConfiguration
    let roles: Roles
    let credential: Announcement.Credential
    let adminToken: AdminToken

    func run() async throws {
        if credential.isNew { try credential.credential.save(in: configuration.dataDirectory) }
        try adminToken.write(in: configuration.dataDirectory)
        try roles.ports(configuration).write(in: configuration.dataDirectory)
        Announcement.say(configuration, roles, credential)
        try await gracefulShutdown()
        PortsFile.remove(in: configuration.dataDirectory)
    }
}

/// The service group logs its services by their descriptions.
extension Readiness: CustomStringConvertible {
    var description: String { "readiness" }
}
