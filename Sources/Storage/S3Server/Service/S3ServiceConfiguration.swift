// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import Logging

/// What an operator may decide about the S3 service; every default is written out here.
package struct S3ServiceConfiguration: Sendable {
    /// Reported by GetBucketLocation and HeadBucket, and given to new buckets.
    package var region: String
    /// The only region accepted in a signature; nil accepts any, as most clients never learn where they are.
    package var signatureRegion: String?
    /// Domains below which `bucket.domain` addresses a bucket, without port.
    package var baseDomains: [String]
    /// The account of the root credential; owns every bucket.
    package var ownerID: String
    /// Buckets that belong to other services of the appliance: not listed, and refused to everybody.
    package var reservedBuckets: Set<String> = []
    /// Names, values and line ends of a request's headers together.
    package var headerByteCountMax = 8 << 10
    /// The largest PutObject and UploadPart.
    package var uploadByteCountMax: UInt64 = 5 << 30
    /// The smallest part but the last.
    package var partByteCountMin: UInt64 = 5 << 20
    /// A client whose request found the store too busy is asked to wait this long.
    package var retryAfterSeconds = 1
    /// Successful reads (GetObject, HeadObject, lists); the line is not even built when the logger is set higher.
    package var readLogLevel: Logger.Level = .debug
    /// Everything else.
    package var logLevel: Logger.Level = .info

    package init(region: String = "us-east-1", baseDomains: [String] = [], ownerID: String) {
        self.region = region
        self.baseDomains = baseDomains
        self.ownerID = ownerID
    }
}
