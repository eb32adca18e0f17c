// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// An object that was looked up: its state and, while the handle lives, its bytes.
///
/// The handle pins what it names: an overwrite or a delete meanwhile does not change what it reads.
package protocol OpenedObject: AnyObject {
    var info: ObjectInfo { get }

    /// The plain bytes of `range`, which lies inside `0..<info.size`. Each piece was verified on this read;
    /// a mismatch throws `corrupted` and nothing of the damaged chunk is returned.
    func read(_ range: Range<UInt64>) -> any ObjectBody

    /// The same, at once and without blocking, when everything is in memory and small (≤ 256 KiB); else nil.
    func readIfCached(_ range: Range<UInt64>) -> ByteBuffer?

    /// Begins to bring the bytes into memory, because somebody reads them soon: a hint.
    func prefetch()

    /// Offset and size of part `number` (from 1) of a multipart object; of the whole for number 1 of another; nil
    /// past the end.
    func part(_ number: Int) async throws(StoreError) -> (range: Range<UInt64>, checksum: ChecksumValue?)?
}

extension OpenedObject {
    package func prefetch() {}
}

/// An object store as its clients see it: S3's data model without S3's wire.
///
/// A method that changes something returns when the change is durable, and changes nothing when it throws, except
/// that after `unavailable`, `ioFailure` or `cancelled` the change may or may not have happened. Reads see every
/// write that has returned. Every method may be called from any task, concurrently; none blocks the caller's thread.
package protocol ObjectStoring: Sendable {
    // MARK: Buckets

    /// All buckets by name.
    func listBuckets() async throws(StoreError) -> [BucketInfo]
    /// - Throws: `bucketAlreadyOwnedByYou`, `bucketAlreadyExists`.
    func createBucket(_ name: BucketName, owner: String, region: String) async throws(StoreError) -> BucketInfo
    /// - Throws: `noSuchBucket`.
    func bucket(_ name: BucketName) async throws(StoreError) -> BucketInfo
    /// What `bucket(_:)` would say, if it is in memory; nil when it is not known without waiting.
    func bucketIfCached(_ name: BucketName) throws(StoreError) -> BucketInfo?
    /// Pending uploads do not keep a bucket; objects do. - Throws: `noSuchBucket`, `bucketNotEmpty`.
    func deleteBucket(_ name: BucketName) async throws(StoreError)
    /// Nil removes the policy.
    func setBucketPolicy(_ policy: String?, of name: BucketName) async throws(StoreError)

    // MARK: Objects

    /// Reads `body` to its end, then commits. The body is not drained when the store throws.
    func putObject(_ request: PutObjectRequest, body: any ObjectBody) async throws(StoreError) -> PutObjectResult
    /// - Throws: `noSuchBucket`, `noSuchKey`.
    func openObject(bucket: BucketName, key: ObjectKey) async throws(StoreError) -> any OpenedObject
    /// The same without waiting; nil when the answer is not in memory.
    func openObjectIfCached(bucket: BucketName, key: ObjectKey) throws(StoreError) -> (any OpenedObject)?
    /// Deleting what is not there succeeds, unless a condition asks for it.
    func deleteObject(bucket: BucketName, _ request: DeleteRequest) async throws(StoreError)
    /// One outcome per request, in order; nil is success. All in one commit.
    func deleteObjects(bucket: BucketName, _ requests: [DeleteRequest]) async throws(StoreError) -> [StoreError?]
    /// - Throws: `noSuchKey` for the source.
    func copyObject(_ request: CopyObjectRequest) async throws(StoreError) -> PutObjectResult
    func listObjects(_ request: ListRequest) async throws(StoreError) -> ListResult

    // MARK: Multipart uploads

    func createUpload(_ request: CreateUploadRequest) async throws(StoreError) -> UploadInfo
    /// `number` is 1...10,000. The last completed write of a number wins.
    func uploadPart(
        _ upload: UploadReference,
        number: Int,
        digests: DigestRequest,
        expectedSize: UInt64?,
        body: any ObjectBody
    ) async throws(StoreError) -> PartInfo
    /// Takes `range` of the source (nil: all of it). A range on chunk borders moves no content.
    func uploadPartCopy(
        _ upload: UploadReference,
        number: Int,
        source: any OpenedObject,
        range: Range<UInt64>?
    ) async throws(StoreError) -> PartInfo
    func listParts(_ upload: UploadReference, after number: Int, limit: Int) async throws(StoreError) -> ListPartsResult
    func listUploads(_ request: ListUploadsRequest) async throws(StoreError) -> ListUploadsResult
    /// Repeating a completion that succeeded returns the same result while the object is the one it made.
    func completeUpload(_ request: CompleteUploadRequest) async throws(StoreError) -> PutObjectResult
    func abortUpload(_ upload: UploadReference) async throws(StoreError)
}

extension ObjectStoring {
    package func bucketIfCached(_ name: BucketName) throws(StoreError) -> BucketInfo? { nil }

    package func openObjectIfCached(bucket: BucketName, key: ObjectKey) throws(StoreError) -> (any OpenedObject)? {
        nil
    }
}
