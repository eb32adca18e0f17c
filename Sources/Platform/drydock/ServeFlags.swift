// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import PlatformKit

/// The flags of `serve`, each optional so that environment and file can speak.
struct ServeFlags: ParsableArguments {
    @Option(help: "Where everything is stored. Default: /var/lib/drydock as root, else $XDG_DATA_HOME/drydock.")
    var data: String?
    @Option(help: "Services to run, separated by commas, or all. Default: storage,registry.")
    var roles: String?
    @Option(help: "Address to listen on. Default: 127.0.0.1.")
    var bind: String?
    @Option(help: "Port of the S3 API; 0 takes a free one. Default: 9000.")
    var s3Port: String?
    @Option(help: "Port of the registry. Default: 5000.")
    var registryPort: String?
    @Option(help: "Port of /healthz, /readyz and /metrics. Default: 9090.")
    var adminPort: String?
    @Option(help: "Certificate chain in PEM; with --tls-key everything but the admin port speaks TLS.")
    var tlsCertificate: String?
    @Option(help: "Private key in PEM.")
    var tlsKey: String?
    @Option(help: "Access key of the root account. Default: generated at the first start.")
    var rootAccessKey: String?
    @Option(help: "Secret key of the root account; better given as DRYDOCK_ROOT_SECRET_KEY.")
    var rootSecretKey: String?
    @Option(help: "Region this store reports. Default: us-east-1.")
    var region: String?
    @Option(help: "Base domains of virtual-host addressing, separated by commas.")
    var domains: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical. Default: info.")
    var logLevel: String?
    @Option(help: "text or json. Default: text on a terminal, json otherwise.")
    var logFormat: String?
    @Option(help: "Connections per listener; more get 503. Default: 4096.")
    var connectionsMax: String?
    @Option(help: "How long requests may finish after SIGTERM. Default: 30.")
    var drainSeconds: String?
    @Option(help: "Memory for metadata blocks. Default: 48.")
    var metadataCacheMebibytes: String?
    @Option(help: "Multipart uploads without a new part for so long are aborted; 0 keeps them. Default: 7.")
    var uploadExpiryDays: String?
    @Option(help: "Hours from the start of one scrub to that of the next; 0 switches it off. Default: 168.")
    var scrubIntervalHours: String?
    @Option(help: "How fast the scrub reads. Default: 32.")
    var scrubMebibytesPerSecond: String?
    @Option(help: "Configuration file. Default: /etc/drydock/drydock.yaml if it exists. Also DRYDOCK_CONFIG.")
    var config: String?

    /// Flags over environment over file over defaults.
    func load() throws -> ServeConfiguration {
        let environment = ProcessInfo.processInfo.environment
        return try ServeConfiguration.load(
            flags: given,
            environment: environment,
            fileText: try Self.fileText(config, environment),
            isRoot: geteuid() == 0
        )
    }

    private var given: [String: String] {
        let values: [ServeSetting: String?] = [
            .data: data, .roles: roles, .bind: bind, .s3Port: s3Port, .registryPort: registryPort,
            .adminPort: adminPort, .tlsCertificate: tlsCertificate, .tlsKey: tlsKey, .rootAccessKey: rootAccessKey,
            .rootSecretKey: rootSecretKey, .region: region, .domains: domains, .logLevel: logLevel,
            .logFormat: logFormat, .connectionsMax: connectionsMax, .drainSeconds: drainSeconds,
            .metadataCacheMebibytes: metadataCacheMebibytes, .uploadExpiryDays: uploadExpiryDays,
            .scrubIntervalHours: scrubIntervalHours, .scrubMebibytesPerSecond: scrubMebibytesPerSecond,
        ]
        var result: [String: String] = [:]
        for (setting, value) in values { result[setting.rawValue] = value }
        return result
    }

    /// The configuration file's text: the one given, or the usual one if there is one.
    static func fileText(_ given: String?, _ environment: [String: String]) throws -> String? {
        let named = given ?? environment["DRYDOCK_CONFIG"]
        guard let data = try DurableFile.read(named ?? "/etc/drydock/drydock.yaml") else {
            if let named { throw ConfigurationProblem("there is no configuration file \(named)") }
            return nil
        }
        return String(decoding: data, as: UTF8.self)
    }
}
