// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

/// Who asks and how: what a decision is made from, beside what is asked for.
struct AccessQuestion {
    let caller: AuthenticatedRequest
    let request: HTTPRequest
    let headers: S3Headers
    let query: S3Query
    let now: Timestamp
    /// Of the object the request names, where a policy looks at them.
    var existingTags: [ObjectMetadata.Field] = []
}

extension S3Service {
    /// Step 5: may the caller do what the route says. - Throws: `accessDenied`.
    func authorise(_ call: S3Call) async throws(S3Error) {
        // Each key of a multi-object delete is asked about on its own; a stranger without any policy needs no answer.
        guard call.route.operation != .deleteObjects else {
            if call.caller.isAnonymous, call.bucketInfo?.policy == nil { throw S3Error(.accessDenied) }
            return
        }
        try await readTagsIfNeeded(call)
        try authorise(call, action: call.route.action)
    }

    func authorise(_ call: S3Call, action: String) throws(S3Error) {
        let key = try call.target.key == nil ? nil : call.key()
        guard allows(call.question, action: action, in: call.bucketInfo, key: key) else {
            throw S3Error(.accessDenied)
        }
    }

    /// Whether the caller may learn that a key is not there. As on AWS the key itself counts as the listed prefix.
    func mayList(_ bucket: BucketInfo, prefix: ObjectKey, _ question: AccessQuestion) -> Bool {
        allows(question, action: "s3:ListBucket", in: bucket, key: nil, listedPrefix: prefix.string)
    }

    /// The root credential may do what no policy denies; everybody else only what a policy allows.
    func allows(
        _ question: AccessQuestion,
        action: String,
        in bucket: BucketInfo?,
        key: ObjectKey?,
        listedPrefix: String? = nil
    ) -> Bool {
        let isRoot = !question.caller.isAnonymous
        guard let bucket, let text = bucket.policy else { return isRoot }
        // Root can always repair a policy that locks everybody out (`spec/s3.md` §8.1, rule 2).
        if isRoot, Self.isAboutPolicy(action) { return true }
        guard let policy = policies.policy(of: bucket.name, text: text)?.policy else { return false }
        let request = PolicyRequest(
            action: action,
            bucket: bucket.name.string,
            key: key?.bytes,
            caller: question.caller,
            headers: question.headers,
            query: question.query,
            sourceAddress: question.request.remoteAddress,
            isSecure: question.request.isSecure,
            now: question.now,
            resourceAccount: bucket.owner,
            region: configuration.region,
            listedPrefix: listedPrefix,
            existingTags: question.existingTags,
        )
        switch policy.evaluate(request) {
        case .deny: return false
        case .allow: return true
        case .none: return isRoot
        }
    }

    private static func isAboutPolicy(_ action: String) -> Bool {
        switch action {
        case "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy": true
        default: false
        }
    }

    /// A policy on `s3:ExistingObjectTag` needs the object before it can say whether there is one to see.
    private func readTagsIfNeeded(_ call: S3Call) async throws(S3Error) {
        guard let bucket = call.bucketInfo, let text = bucket.policy, call.target.key != nil,
            policies.policy(of: bucket.name, text: text)?.readsTags == true
        else { return }
        let key = try call.key()
        do throws(StoreError) {
            call.question.existingTags = try await store.openObject(bucket: bucket.name, key: key).info.metadata.tags
        } catch {
            guard error.code == .noSuchKey else { throw call.refusal(error) }
        }
    }
}
