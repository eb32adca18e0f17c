// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import OCIModel
import RegistryStore
import StorageTestSupport
import StorageTypes

extension SeededRandom {
    func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
        return Array(bytes.prefix(count))
    }
}

/// A body that comes in small pieces and may break off.
final class PiecesBody: ObjectBody {
    private var rest: ArraySlice<UInt8>
    private let pieceByteCount: Int
    private let failure: StoreError?

    init(_ bytes: some Collection<UInt8>, pieceByteCount: Int = 1_000, failure: StoreError? = nil) {
        self.rest = Array(bytes)[...]
        self.pieceByteCount = pieceByteCount
        self.failure = failure
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        guard !rest.isEmpty else {
            if let failure { throw failure }
            return nil
        }
        defer { rest = rest.dropFirst(pieceByteCount) }
        return ByteBuffer(bytes: rest.prefix(pieceByteCount))
    }
}

/// The parts of a little image and what is written about them.
struct Image {
    let config: [UInt8]
    let layers: [[UInt8]]

    static func digest(_ bytes: [UInt8], _ algorithm: OCIDigest.Algorithm = .sha256) -> OCIDigest {
        RunningDigest.digest(algorithm, of: bytes)
    }

    static func descriptor(_ bytes: [UInt8], _ type: String, _ extra: String = "") -> String {
        #"{"mediaType":"\#(type)","digest":"\#(digest(bytes))","size":\#(bytes.count)\#(extra)}"#
    }

    func manifest(_ extra: String = "") -> [UInt8] {
        let layers = layers.map { Self.descriptor($0, "application/vnd.oci.image.layer.v1.tar") }
        let config = Self.descriptor(config, "application/vnd.oci.image.config.v1+json")
        return Array(
            #"{"schemaVersion":2,"config":\#(config),"layers":[\#(layers.joined(separator: ","))]\#(extra)}"#.utf8
        )
    }

    static func index(_ manifests: [[UInt8]], _ extra: String = "") -> [UInt8] {
        let children = manifests.map { descriptor($0, MediaType.imageManifest) }
        return Array(#"{"schemaVersion":2,"manifests":[\#(children.joined(separator: ","))]\#(extra)}"#.utf8)
    }
}
