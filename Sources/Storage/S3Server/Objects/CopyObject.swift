// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

extension S3Service {
    /// CopyObject: a metadata write, whatever the object's size. Only a checksum that the source does not have makes
    /// the bytes pass through the hashers again.
    func copyObject(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        let key = try call.key()
        let directives = try CopyDirectives(call)
        let named = try MetadataHeaders.read(call)
        let condition = try WriteCondition.writing(call.headers)
        let checksum = try UploadChecksum.requestedAlgorithm(call.headers)
        let source = try await openCopySource(call)
        let info = source.object.info
        let conditions = Conditions(copySource: call.headers)
        try checkCopySource(conditions, info, now: call.record.started)
        let metadata = directives.metadata(named: named, source: info.metadata)
        let chunking = try Chunking.read(call, metadata)
        if !metadata.tags.isEmpty { try authoriseTags(directives, from: source, call) }
        let isSelf = source.bucket.name == bucket.name && info.key == key
        if isSelf, !directives.changesSomething(call), metadata == info.metadata, checksum == nil {
            throw S3Error(
                .invalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without "
                    + "changing the object's metadata, storage class, website redirect location or encryption "
                    + "attributes."
            )
        }
        let result: PutObjectResult
        if let checksum, !info.checksums.contains(where: { $0.algorithm == checksum && $0.type == .fullObject }) {
            result = try await rewrite(
                source.object,
                to: bucket.name,
                key,
                metadata,
                condition,
                checksum,
                chunking,
                call
            )
        } else {
            result = try await link(source, to: bucket.name, key, metadata, condition, conditions, call)
        }
        return .xml(S3XML.copyObject(etag: result.etag, lastModified: result.lastModified, checksum: result.checksum))
    }

    /// Tags are written, and unless they are replaced they are read too.
    private func authoriseTags(
        _ directives: CopyDirectives,
        from source: (bucket: BucketInfo, object: any OpenedObject),
        _ call: S3Call
    ) throws(S3Error) {
        try authorise(call, action: "s3:PutObjectTagging")
        let key = source.object.info.key
        guard
            directives.replacesTags
                || allows(call.question, action: "s3:GetObjectTagging", in: source.bucket, key: key)
        else { throw S3Error(.accessDenied) }
    }

    /// Conditions on the source hold at the commit, not only now; and so does what `metadata` was made from.
    private func link(
        _ source: (bucket: BucketInfo, object: any OpenedObject),
        to bucket: BucketName,
        _ key: ObjectKey,
        _ metadata: ObjectMetadata,
        _ condition: WriteCondition,
        _ conditions: Conditions,
        _ call: S3Call
    ) async throws(S3Error) -> PutObjectResult {
        let info = source.object.info
        let now = call.record.started
        let request = CopyObjectRequest(
            source: (source.bucket.name, info.key),
            sourceCheck: { current throws(StoreError) in
                if let failed = conditions.copyFailure(etag: current.etag, lastModified: current.lastModified, now: now)
                {
                    throw StoreError(.preconditionFailed, details: .condition(failed))
                }
                guard current.metadata == info.metadata else {
                    throw StoreError(.conditionalConflict, "the source changed during the copy")
                }
            },
            bucket: bucket,
            key: key,
            replacementMetadata: metadata == info.metadata ? nil : metadata,
            condition: condition,
        )
        do throws(StoreError) {
            return try await store.copyObject(request)
        } catch {
            throw call.refusal(error)
        }
    }

    private func rewrite(
        _ object: any OpenedObject,
        to bucket: BucketName,
        _ key: ObjectKey,
        _ metadata: ObjectMetadata,
        _ condition: WriteCondition,
        _ checksum: ChecksumAlgorithm,
        _ chunking: Chunking,
        _ call: S3Call
    ) async throws(S3Error) -> PutObjectResult {
        let request = PutObjectRequest(
            bucket: bucket,
            key: key,
            metadata: metadata,
            condition: condition,
            digests: DigestRequest(checksum: checksum),
            expectedSize: object.info.size,
            chunking: chunking,
        )
        do throws(StoreError) {
            return try await store.putObject(request, body: object.read(0..<object.info.size))
        } catch {
            throw call.refusal(error)
        }
    }
}

/// What a copy takes from its source and what from its own headers.
struct CopyDirectives {
    let replacesMetadata: Bool
    let replacesTags: Bool

    init(_ call: S3Call) throws(S3Error) {
        replacesMetadata = try Self.replaces("x-amz-metadata-directive", call)
        replacesTags = try Self.replaces("x-amz-tagging-directive", call)
    }

    private static func replaces(_ header: StaticString, _ call: S3Call) throws(S3Error) -> Bool {
        switch call.header(header) {
        case nil, "COPY": return false
        case "REPLACE": return true
        case let other?: throw .invalidArgument("Unknown directive.", name: "\(header)", value: other)
        }
    }

    /// Storage class and redirect are never inherited (`spec/s3.md` §7.6).
    func metadata(named: ObjectMetadata, source: ObjectMetadata) -> ObjectMetadata {
        var result = replacesMetadata ? named : source
        result.storageClass = named.storageClass
        result.tags = replacesTags ? named.tags : source.tags
        if !replacesMetadata {
            result.systemFields.removeAll { $0.name == "x-amz-website-redirect-location" }
            result.systemFields += named.systemFields.filter { $0.name == "x-amz-website-redirect-location" }
        }
        return result
    }

    /// Whether the request says that the copy differs from its source, even where the values turn out the same.
    func changesSomething(_ call: S3Call) -> Bool {
        replacesMetadata || replacesTags || call.header("x-amz-storage-class") != nil
            || call.header("x-amz-website-redirect-location") != nil
    }
}
