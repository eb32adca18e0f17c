// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Glibc
import HTTPServer
import Logging
import NIOCore
import ObjectStore
import PlatformKit
import RegistryServer
import RegistryStore
import S3Protocol
import S3Server
import StorageTypes

/// The listeners of the roles that are switched on.
struct Roles {
    /// The account of the root credential: owns every bucket, in the form of AWS account ids.
    private static let rootAccount = "000000000000"

    private(set) var listeners: [Listener] = []
    private(set) var registrySweep: RegistrySweep?
    private(set) var s3Port: Int?
    private(set) var registryPort: Int?
    private(set) var adminPort = 0

    static func start(
        _ configuration: ServeConfiguration,
        store: ObjectStore,
        workers: WorkerPool,
        credential: Announcement.Credential,
        adminToken: AdminToken,
        census: Census,
        http: HTTPServerConfiguration,
        logger: Logger
    ) async throws -> Roles {
        var roles = Roles()
        let grace = Duration.seconds(configuration.drainSeconds)
        let root = credential.credential
        let metrics = S3Metrics()
        let registryMetrics = RegistryMetrics()
        let admin = AdminService(
            isReady: { store.writeRefusal == nil },
            metrics: {
                await workers.run {
                    var page = PrometheusText()
                    ProcessMetrics.now().append(to: &page)
                    StoreMetrics.append(store, to: &page)
                    if let statistics = census.statistics { StoreMetrics.append(statistics, to: &page) }
                    StoreMetrics.append(metrics, to: &page)
                    StoreMetrics.append(registryMetrics, to: &page)
                    return page
                }
            },
            verbs: [
                CollectGarbage.adminVerb(store, logger), Fsck.adminVerb(store, logger),
                Scrub.adminVerb(store, logger), Stats.adminVerb(store, logger),
            ],
            token: adminToken
        )
        var secure = http
        secure.tls = try Listener.tlsContext(configuration.tls)
        if configuration.roles.contains(.storage) {
            let listener = try await startS3(configuration, store, root, secure, metrics, grace, logger, admin)
            roles.s3Port = listener.server.port
            roles.listeners.append(listener)
        }
        if configuration.roles.contains(.registry) {
            let (listener, sweep) = try await startRegistry(
                configuration,
                store,
                root,
                secure,
                registryMetrics,
                grace,
                logger,
                admin
            )
            roles.registryPort = listener.server.port
            roles.listeners.append(listener)
            // As with the uploads of `Housekeeping`.
            if !store.keepsUnknown { roles.registrySweep = sweep }
        }
        // Last in, so it is the last to stop: probes see the drain.
        let listener = try await Listener.start(
            "admin",
            port: configuration.adminPort,
            http,
            service: admin,
            grace: .seconds(1),
            logger: logger
        )
        roles.adminPort = listener.server.port
        roles.listeners.insert(listener, at: 0)
        return roles
    }

    private static func startS3(
        _ configuration: ServeConfiguration,
        _ store: ObjectStore,
        _ root: RootCredential,
        _ http: HTTPServerConfiguration,
        _ metrics: S3Metrics,
        _ grace: Duration,
        _ logger: Logger,
        _ admin: AdminService
    ) async throws -> Listener {
        var s3 = S3ServiceConfiguration(
            region: configuration.region,
            baseDomains: configuration.domains,
            ownerID: rootAccount
        )
        s3.reservedBuckets = [RegistryConfiguration().bucket]
        let service = S3Service(
            store: store,
            configuration: s3,
            credentials: StaticCredentials([
                Credential(accessKey: root.accessKey, secretKey: root.secretKey, account: rootAccount)
            ]),
            clock: SystemClock(),
            random: SystemRandomSource(),
            metrics: metrics,
            logger: logger
        )
        var http = http
        http.protocolErrorResponse = service.protocolErrorResponse
        return try await Listener.start(
            "s3",
            port: configuration.s3Port,
            http,
            service: service,
            grace: grace,
            logger: logger,
            onDrain: admin.beginDrain
        )
    }

    private static func startRegistry(
        _ configuration: ServeConfiguration,
        _ store: ObjectStore,
        _ root: RootCredential,
        _ http: HTTPServerConfiguration,
        _ metrics: RegistryMetrics,
        _ grace: Duration,
        _ logger: Logger,
        _ admin: AdminService
    ) async throws -> (Listener, RegistrySweep) {
        var registry = RegistryConfiguration()
        registry.owner = rootAccount
        registry.region = configuration.region
        let registryStore = try await RegistryStore(
            store: store,
            configuration: registry,
            clock: SystemClock(),
            random: SystemRandomSource()
        )
        let service = RegistryService(
            store: registryStore,
            credentials: BasicCredentials([(user: root.accessKey, password: root.secretKey)]),
            clock: SystemClock(),
            random: SystemRandomSource(),
            metrics: metrics,
            logger: logger
        )
        var http = http
        http.protocolErrorResponse = service.protocolErrorResponse
        let listener = try await Listener.start(
            "registry",
            port: configuration.registryPort,
            http,
            service: service,
            grace: grace,
            logger: logger,
            onDrain: admin.beginDrain
        )
        return (listener, RegistrySweep(store: registryStore, logger: logger))
    }

    func ports(_ configuration: ServeConfiguration) -> PortsFile {
        PortsFile(
            pid: getpid(),
            bind: configuration.bindAddress,
            s3: s3Port,
            registry: registryPort,
            admin: adminPort
        )
    }
}
