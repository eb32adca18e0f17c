// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// The limits and names of a registry; every default written out.
package struct RegistryConfiguration: Sendable {
    /// The bucket that holds everything; made at start.
    package var bucket = "drydock-registry"
    /// Whose bucket it is, and where, when it has to be made.
    package var owner = "drydock"
    package var region = "us-east-1"
    /// Clients can't read larger manifests.
    package var manifestByteCountMax = 4 << 20
    /// Nil: none.
    package var blobByteCountMax: UInt64?
    /// A part of an upload session: each ends with a durable checkpoint, so this is what a crash costs a client at most.
    package var partByteCount: UInt64 = 16 << 20
    /// The smallest part that the store takes before another one: 5 MiB on AWS, none in our own engine.
    package var partByteCountMin: UInt64 = 0
    /// From this many parts on they are folded into one; S3 ends at 10,000.
    package var partCountMax = 9_000
    /// Content up to this size stays in the session's own record: one write instead of a multipart upload's four.
    package var tailByteCountMax = 64 << 10
    /// An idle session is dropped after a day.
    package var uploadIdleSecondsMax: Int64 = 86_400
    /// How long the answer to a closing PUT can be had again.
    package var completedSecondsMax: Int64 = 600
    /// Tags set by one manifest PUT.
    package var tagsPerPutMax = 64

    package init() {}
}
