// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Everything `drydock serve` can be told: one name that is the flag, the environment variable and the key of the file.
package enum ServeSetting: String, Sendable, CaseIterable {
    case data
    case roles
    case bind
    case s3Port = "s3-port"
    case registryPort = "registry-port"
    case adminPort = "admin-port"
    case tlsCertificate = "tls-certificate"
    case tlsKey = "tls-key"
    case rootAccessKey = "root-access-key"
    case rootSecretKey = "root-secret-key"
    case region
    case domains
    case logLevel = "log-level"
    case logFormat = "log-format"
    case connectionsMax = "connections-max"
    case drainSeconds = "drain-seconds"
    case metadataCacheMebibytes = "metadata-cache-mebibytes"
    case uploadExpiryDays = "upload-expiry-days"
    case scrubIntervalHours = "scrub-interval-hours"
    case scrubMebibytesPerSecond = "scrub-mebibytes-per-second"

    package var flag: String { "--" + rawValue }

    package var environmentVariable: String {
        "DRYDOCK_" + rawValue.uppercased().split(separator: "-").joined(separator: "_")
    }

    /// Shown as asterisks wherever the configuration is printed.
    package var isSecret: Bool { self == .rootSecretKey }
}

/// A setting that can't be used, as one sentence for the person who set it.
package struct ConfigurationProblem: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    init(_ setting: ServeSetting, _ value: String, _ expectation: String) {
        self.init(
            "\(setting.rawValue) is '\(value)', which is not \(expectation) "
                + "(\(setting.flag), \(setting.environmentVariable))"
        )
    }
}
