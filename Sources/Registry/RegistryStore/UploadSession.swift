// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import StorageTypes

/// The durable state of one upload: how far it is and how to go on after a restart (`spec/registry.md` §5.2).
///
/// Stored as one object: a line of JSON, then the tail's bytes. Everything up to `offset` is either in parts 1 to
/// `partCount` of the multipart upload or in the tail behind them, and the running digest covers both.
struct UploadSession: Sendable {
    static let format: Int64 = 1

    let repository: RepositoryName
    /// Bytes received.
    var offset: UInt64 = 0
    var running: RunningDigest
    /// Counts how often the parts were folded into one, because each multipart upload has its own key.
    var generation = 0
    /// The multipart upload under way; nil as long as the tail holds everything.
    var uploadID: String?
    var partCount = 0
    /// Of the last part; a store with a smallest part size takes no other part behind a short one.
    var lastPartByteCount: UInt64 = 0
    /// Bytes behind the last part. Only ever non-empty while there is no part: see `RegistryStore.receive`.
    var tail: [UInt8] = []
    var lastUsed: Timestamp
    /// The digests it ended with; kept for a while, so that a repeated PUT gets its answer.
    var completed: [OCIDigest] = []

    init(repository: RepositoryName, algorithm: OCIDigest.Algorithm, now: Timestamp) {
        self.repository = repository
        self.running = RunningDigest(algorithm)
        self.lastUsed = now
    }

    func encoded() -> [UInt8] {
        var object = JSONObject()
        object.append("format", .integer(Self.format))
        object.append("repository", .string(repository.string))
        object.append("offset", .integer(Int64(offset)))
        object.append("algorithm", .string(running.algorithm.rawValue))
        object.append("hash", .string(Base64.encode(running.state)))
        object.append("generation", .integer(Int64(generation)))
        object.append("upload", uploadID.map { .string($0) } ?? .null)
        object.append("parts", .integer(Int64(partCount)))
        object.append("lastPart", .integer(Int64(lastPartByteCount)))
        object.append("lastUsed", .integer(lastUsed.nanoseconds))
        object.append("completed", .array(completed.map { .string($0.description) }))
        return JSONValue.object(object).encoded() + [UInt8(ascii: "\n")] + tail
    }

    /// Nil for bytes that no version of this program wrote, and for a format that a later one did.
    init?(decoding bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
            let json = try? JSONValue(parsing: Array(bytes[..<end])),
            json["format"]?.integer == Self.format,
            let repository = json["repository"]?.string.flatMap({ RepositoryName($0) }),
            let offset = json["offset"]?.integer, offset >= 0,
            let algorithm = json["algorithm"]?.string.flatMap({ OCIDigest.Algorithm(rawValue: $0) }),
            let hash = json["hash"]?.string.flatMap({ Base64.decode($0) }),
            let running = RunningDigest(algorithm, state: hash),
            let generation = json["generation"]?.integer, generation >= 0,
            let partCount = json["parts"]?.integer, partCount >= 0,
            let lastPart = json["lastPart"]?.integer, lastPart >= 0,
            let lastUsed = json["lastUsed"]?.integer,
            let completed = json["completed"]?.array
        else { return nil }
        self.repository = repository
        self.offset = UInt64(offset)
        self.running = running
        self.generation = Int(generation)
        self.uploadID = json["upload"]?.string
        self.partCount = Int(partCount)
        self.lastPartByteCount = UInt64(lastPart)
        self.tail = Array(bytes[(end + 1)...])
        self.lastUsed = Timestamp(nanoseconds: lastUsed)
        self.completed = completed.compactMap { $0.string.flatMap { OCIDigest($0) } }
    }
}
