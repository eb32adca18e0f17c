// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ChunkEngine
import FoundationEssentials
import Glibc
import HTTPServer
import Logging
import MetadataStore
import NIOCore
import NIOPosix
import ObjectStore
import PlatformKit
import ServiceLifecycle
import StorageTypes
import UnixSignals

/// `drydock serve`
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the store and its services.",
        discussion: """
            Example: drydock serve --data /srv/drydock --bind 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem

            Every flag has an environment variable (--s3-port is DRYDOCK_S3_PORT) and a key in drydock.yaml (s3-port);
            flags win over the environment, the environment over the file.
            """
    )

    @OptionGroup var flags: ServeFlags
    @Flag(help: "Show the configuration in force, secrets masked, and exit.") var printConfig = false

    func run() async throws {
        let configuration = try flags.load()
        if printConfig { return print(configuration.printed, terminator: "") }
        let sink = LogSink(descriptor: STDERR_FILENO)
        sink.start()
        defer { sink.stop() }
        let logger = Self.logger(configuration, sink)
        for name in ServeConfiguration.unknownVariables(ProcessInfo.processInfo.environment) {
            logger.warning("unknown setting ignored", metadata: ["variable": "\(name)"])
        }
        try await Self.serve(configuration, logger: logger)
    }

    private static func logger(_ configuration: ServeConfiguration, _ sink: LogSink) -> Logger {
        let format = configuration.logFormat ?? (isatty(STDERR_FILENO) == 1 ? .text : .json)
        return Logger(label: "drydock") { label in
            StructuredLogHandler(label: label, level: configuration.logLevel, format: format, sink: sink)
        }
    }

    private static func serve(_ configuration: ServeConfiguration, logger: Logger) async throws {
        // A peer that hangs up while we write is an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        ProcessMemory.limitArenas()
        OpenFiles.raiseLimit()
        let directory = try DataDirectory(configuration.dataDirectory, mayCreate: true)
        let credential = try rootCredential(configuration)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let parts = try openParts(directory, configuration, logger)
        let workers = WorkerPool(
            threadCount: max(8, System.coreCount * 2),
            computingThreadCount: System.coreCount + 1,
            // A scrub, a collection, a joining of parts, the census, what is read ahead, and what somebody asks for.
            maintenanceThreadCount: 6
        )
        let store = try parts.openStore(workers)
        for finding in store.damageAtStart { logger.error("damage at the start", metadata: ["finding": "\(finding)"]) }
        var http = HTTPServerConfiguration(eventLoopGroup: group)
        http.address = configuration.bindAddress
        http.connectionCountMax = configuration.connectionCountMax
        let token = AdminToken.generate(random: SystemRandomSource())
        let census = Census(store: store, logger: logger)
        let roles = try await Roles.start(
            configuration,
            store: store,
            workers: workers,
            credential: credential,
            adminToken: token,
            census: census,
            http: http,
            logger: logger
        )
        let ready = Readiness(configuration: configuration, roles: roles, credential: credential, adminToken: token)
        var running: [any Service] = roles.listeners + [ready, census]
        running += backgroundServices(configuration, parts, store, workers, logger)
        if let sweep = roles.registrySweep { running.append(sweep) }
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: running.map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await services.run()
        await store.shutdown()
        parts.metadata.close()
        await workers.shutdown()
        try await group.shutdownGracefully()
        logger.info("stopped")
    }

    private static func openParts(
        _ directory: DataDirectory,
        _ configuration: ServeConfiguration,
        _ logger: Logger
    ) throws -> StoreParts {
        let parts = try StoreParts(directory, metadataCacheByteCount: configuration.metadataCacheMebibytes << 20)
        if let damage = parts.metadata.logDamage {
            logger.error(
                "the metadata log was damaged: changes recorded behind the damage are lost",
                metadata: ["reason": "\(damage)"]
            )
        }
        if parts.hasUsedReserve {
            logger.warning("the drive is full: its reserve was given up to open the metadata")
        }
        return parts
    }

    private static func backgroundServices(
        _ configuration: ServeConfiguration,
        _ parts: StoreParts,
        _ store: ObjectStore,
        _ workers: WorkerPool,
        _ logger: Logger
    ) -> [any Service] {
        [
            Housekeeping(
                store: store,
                parts: parts,
                workers: workers,
                uploadExpiryDays: configuration.uploadExpiryDays,
                logger: logger
            ),
            PartJoining(store: store, logger: logger),
            Scrubbing(
                store: store,
                clock: parts.clock,
                interval: .seconds(configuration.scrubIntervalHours * 3_600),
                byteRateMax: UInt64(configuration.scrubMebibytesPerSecond) << 20,
                logger: logger
            ),
        ]
    }

    /// A generated pair is stored by `Readiness`, when it is said: a start that fails must not use up the one time.
    private static func rootCredential(_ configuration: ServeConfiguration) throws -> Announcement.Credential {
        if let given = configuration.rootCredential { return .init(credential: given, isNew: false) }
        if let stored = try RootCredential.load(in: configuration.dataDirectory) {
            return .init(credential: stored, isNew: false)
        }
        return .init(credential: .generate(random: SystemRandomSource()), isNew: true)
    }
}
