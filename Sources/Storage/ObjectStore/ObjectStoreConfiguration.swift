// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkEngine

/// The limits of a store and where it lives; every default is written out.
package struct ObjectStoreConfiguration: Sendable {
    /// Directory, chunk sizes and disk limits.
    package var engine: EngineConfiguration
    /// All buckets are in memory; one takes about 500 bytes.
    package var bucketCountMax = 100_000
    /// A page of a listing for callers inside the appliance; S3 clients get 1,000 at most.
    package var listCountMax = 100_000
    /// Entries of one multi-object delete.
    package var deleteCountMax = 1_000
    /// A policy or another document of a bucket.
    package var bucketDocumentByteCountMax = 64 << 10

    package init(engine: EngineConfiguration) {
        self.engine = engine
    }

    package init(dataDirectory: String) {
        self.init(engine: EngineConfiguration(dataDirectory: dataDirectory))
    }
}
