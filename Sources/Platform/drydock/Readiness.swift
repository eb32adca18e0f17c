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

    func run() async throws {
        try roles.ports(configuration).write(in: configuration.dataDirectory)
        Announcement.say(configuration, roles, credential)
        try await gracefulShutdown()
    }
}
