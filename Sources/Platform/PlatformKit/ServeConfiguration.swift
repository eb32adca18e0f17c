// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import Logging

/// One service of the appliance that can be switched on.
package enum Role: String, Sendable, CaseIterable {
    case storage
    case registry
}

/// How log lines look.
package enum LogFormat: String, Sendable, CaseIterable {
    case text
    case json
}

/// The checked result of flags, environment and file, with every default written out.
package struct ServeConfiguration: Sendable {
    package var dataDirectory: String
    package var roles: Set<Role> = [.storage, .registry]
    package var bindAddress = "127.0.0.1"
    package var s3Port = 9000
    package var registryPort = 5000
    package var adminPort = 9090
    /// Certificate chain and private key in PEM; nil serves plain HTTP.
    package var tls: (certificate: String, key: String)?
    /// Nil: read from the data directory, generated at the first start.
    package var rootCredential: RootCredential?
    package var region = "us-east-1"
    /// Base domains of virtual-host addressing.
    package var domains: [String] = []
    package var logLevel = Logger.Level.info
    /// Nil: text on a terminal, JSON otherwise.
    package var logFormat: LogFormat?
    package var connectionCountMax = 4_096
    package var drainSeconds = 30
    package var metadataCacheMebibytes = 48
    /// Multipart uploads without a new part for so long are aborted; 0 keeps them.
    package var uploadExpiryDays = 7
    /// From the start of one scrub to that of the next; 0 switches it off.
    package var scrubIntervalHours = 168
    package var scrubMebibytesPerSecond = 32

    package init(dataDirectory: String) {
        self.dataDirectory = dataDirectory
    }

    /// Where data goes when nobody says: the system's place for root, the user's for others.
    package static func defaultDataDirectory(isRoot: Bool, environment: [String: String]) -> String {
        if isRoot { return "/var/lib/drydock" }
        if let base = environment["XDG_DATA_HOME"], base.hasPrefix("/") { return base + "/drydock" }
        return (environment["HOME"] ?? "/tmp") + "/.local/share/drydock"
    }
}
