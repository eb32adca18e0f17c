// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import NIOCore
import OCIModel
import ObjectStore
import RegistryStore
import StorageTestSupport
import StorageTypes
import Testing

/// The registry on the real engine, on a machine whose power can be cut.
@Suite struct EngineTests {
    let name: RepositoryName
    let image = Image(config: Array("{}".utf8), layers: [Array("layer".utf8), SeededRandom(seed: 3).bytes(6_000)])

    init() throws {
        name = try #require(RepositoryName("team/app"))
    }

    /// Limits so small that a few KiB are many chunks, recipe segments and parts.
    struct Machine {
        let machine: SimulatedMachine
        let configuration: ObjectStoreConfiguration
        let store: ObjectStore
        let fsck: () throws -> Bool

        init(_ machine: SimulatedMachine) throws {
            var engine = EngineConfiguration(dataDirectory: SimulatedMachine.dataDirectory)
            engine.inlineByteCountMax = 64
            engine.wholeChunkByteCountMax = 1_024
            engine.chunkSizes = ChunkSizes(byteCountMin: 256, byteCountNormal: 512, byteCountMax: 1_024)
            engine.segmentEntryCountMax = 4
            engine.blockByteCount = 2_048
            let configuration = ObjectStoreConfiguration(engine: engine)
            let metadata = try machine.openMetadata()
            self.machine = machine
            self.configuration = configuration
            store = try ObjectStore.open(
                configuration,
                fileSystem: machine.fileSystem,
                metadata: metadata,
                workers: .inline,
                clock: TestClock(),
                random: SeededRandom(seed: 7),
            )
            fsck = {
                try ObjectStoreMaintenance.fsck(configuration, fileSystem: machine.fileSystem, metadata: metadata)
                    .isClean
            }
        }

        func registry() async throws -> RegistryStore<ObjectStore> {
            var configuration = RegistryConfiguration()
            configuration.tailByteCountMax = 500
            configuration.partByteCount = 2_000
            return try await RegistryStore(
                store: store,
                configuration: configuration,
                clock: TestClock(),
                random: SeededRandom(seed: 9),
            )
        }
    }

    @Test func `a push whose power is cut at any operation leaves what was acknowledged whole`() async throws {
        let whole = try Machine(SimulatedMachine(seed: 1))
        try await whole.registry().push(image, "v1", to: name)
        let total = whole.machine.power.operationCount
        #expect(total > 20)
        for operation in 1..<total {
            let machine = SimulatedMachine(seed: UInt64(operation))
            machine.power.crashAfter(operation: operation)
            var acknowledged: [OCIDigest] = []
            do {
                let registry = try await Machine(machine).registry()
                for blob in [image.config] + image.layers {
                    let digest = Image.digest(blob)
                    try await registry.putBlob([digest], in: name, contentLength: nil, body: PiecesBody(blob))
                    acknowledged.append(digest)
                }
                try await registry.put(image.manifest(), ["v1"], in: name)
            } catch {
                // The power went: that is the point.
            }
            let next = try Machine(machine.afterPowerLoss())
            let registry = try await next.registry()
            try await audit(registry, on: next.store)
            for digest in acknowledged { #expect(try await registry.blob(digest, in: name) != nil) }
            #expect(try next.fsck(), "after operation \(operation)")
            try await registry.push(image, "v1", to: name)
            try await audit(registry, on: next.store)
        }
    }

    @Test(arguments: 1...24)
    func `a session whose power is cut goes on from where it says`(step: Int) async throws {
        let bytes = SeededRandom(seed: UInt64(step)).bytes(20_000)
        let digest = Image.digest(bytes)
        let machine = SimulatedMachine(seed: UInt64(step))
        let first = try Machine(machine)
        let registry = try await first.registry()
        let id = try await registry.startUpload(in: name).id
        machine.power.crashAfter(operation: machine.power.operationCount + step)
        var acknowledged: UInt64 = 0
        for start in stride(from: 0, to: bytes.count, by: 5_000) {
            let piece = PiecesBody(bytes[start..<start + 5_000])
            guard
                let status = try? await registry.append(id, in: name, range: nil, contentLength: 5_000, body: piece)
            else { break }
            acknowledged = status.offset
        }
        let next = try Machine(machine.afterPowerLoss())
        let again = try await next.registry()
        let offset = try await again.uploadStatus(id, in: name).offset
        #expect(offset >= acknowledged)
        let rest = bytes[Int(offset)...]
        try await again.finish(
            id,
            in: name,
            digests: [digest],
            range: nil,
            contentLength: UInt64(rest.count),
            body: PiecesBody(rest),
        )
        let object = try #require(try await again.blob(digest, in: name))
        #expect(try await content(object) == bytes)
        #expect(try next.fsck())
    }

    @Test(arguments: OCIDigest.Algorithm.allCases)
    func `blobs go up and down over sockets`(algorithm: OCIDigest.Algorithm) async throws {
        let machine = try Machine(SimulatedMachine(seed: 1))
        try await withRegistry(on: machine.store) { client in
            for size in [0, 1, 64, 65, 1_025, 70_000, 300_000] {
                let bytes = SeededRandom(seed: UInt64(size)).bytes(size)
                let digest = try await client.push(bytes, to: "a", algorithm)
                #expect(try await client.send("GET", "/v2/a/blobs/\(digest)").body == bytes)
                let head = try await client.send("HEAD", "/v2/a/blobs/\(digest)")
                #expect(head["content-length"] == "\(size)")
                if size > 1_000 {
                    let part = try await client.send("GET", "/v2/a/blobs/\(digest)", [("Range", "bytes=500-999")])
                    #expect(part.body == Array(bytes[500..<1_000]))
                }
                let mount = try await client.send("POST", "/v2/b/blobs/uploads/?mount=\(digest)", [], .bytes([]))
                #expect(mount.status == 201)
                #expect(try await client.send("DELETE", "/v2/a/blobs/\(digest)").status == 202)
                #expect(try await client.send("GET", "/v2/b/blobs/\(digest)").body == bytes)
                #expect(try await client.send("DELETE", "/v2/b/blobs/\(digest)").status == 202)
            }
            try await client.push(image, to: "a")
            #expect(try await client.putManifest(image.manifest(), "a", "v1").status == 201)
            #expect(try await client.send("GET", "/v2/a/manifests/v1").body == image.manifest())
        }
        #expect(try machine.fsck())
    }
}
