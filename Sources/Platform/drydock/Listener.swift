// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Logging
import NIOCore
import NIOSSL
import PlatformKit
import ServiceLifecycle
import StorageTypes

/// One listening port as a service of the process: serves until asked to stop, then drains.
struct Listener: Service {
    let name: String
    let server: HTTPServer
    let grace: Duration
    let logger: Logger
    var onDrain: @Sendable () -> Void = {}

    static func start(
        _ name: String,
        port: Int,
        _ configuration: HTTPServerConfiguration,
        service: any HTTPService,
        grace: Duration,
        logger: Logger,
        onDrain: @escaping @Sendable () -> Void = {}
    ) async throws -> Listener {
        var configuration = configuration
        configuration.port = port
        do {
            let server = try await HTTPServer.start(
                configuration,
                service: service,
                clock: SystemClock(),
                logger: logger
            )
            return Listener(name: name, server: server, grace: grace, logger: logger, onDrain: onDrain)
        } catch let HTTPServerError.cannotListen(reason) {
            throw ConfigurationProblem("can't listen for \(name) on \(reason)")
        }
    }

    func run() async throws {
        let result = await withGracefulShutdownHandler {
            await server.run()
        } onGracefulShutdown: {
            onDrain()
            server.beginDrain(grace: grace)
        }
        logger.info(
            "drained",
            metadata: [
                "listener": "\(name)", "idle": "\(result.idleCount)", "finished": "\(result.finishedCount)",
                "cut": "\(result.cutCount)",
            ]
        )
    }

    /// The TLS side of a listener from PEM files.
    static func tlsContext(_ files: (certificate: String, key: String)?) throws -> NIOSSLContext? {
        guard let files else { return nil }
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
        } catch {
            throw ConfigurationProblem("can't read the certificate \(files.certificate): \(error)")
        }
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw ConfigurationProblem("can't read the private key \(files.key): \(error)")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        // A peer that never answers the end of TLS must not hold up a drain.
        configuration.shutdownTimeout = .seconds(1)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ConfigurationProblem("\(files.certificate) and \(files.key) make no TLS identity: \(error)")
        }
    }
}

extension Listener: CustomStringConvertible {
    var description: String { "\(name) listener" }
}
