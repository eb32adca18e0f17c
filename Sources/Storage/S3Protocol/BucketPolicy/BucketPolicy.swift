// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// A bucket's policy, compiled: parsing checks and translates everything once, evaluating allocates next to nothing
/// (`spec/s3.md` §8.2).
package struct BucketPolicy: Sendable {
    package static let byteCountMax = 20 * 1_024

    /// What the policy says by itself; who owns the bucket decides on `none`.
    package enum Decision: Sendable, Hashable { case allow, deny, none }

    struct Statement: Sendable {
        var isAllow: Bool
        var actions: PolicyActionSet
        var principals: PolicyPrincipals
        var isNotPrincipal: Bool
        /// Behind `arn:aws:s3:::`.
        var resources: [PolicyTemplate]
        var isNotResource: Bool
        var conditions: [PolicyCondition]
    }

    let statements: [Statement]

    /// - Throws: `malformedPolicy` for everything the table of §8.2 refuses, `policyTooLarge` above 20 KiB.
    package init(parsing text: String, bucket: BucketName) throws(S3Error) {
        guard text.utf8.count <= Self.byteCountMax else { throw S3Error(.policyTooLarge) }
        statements = try PolicyDocument.statements(text, bucket: bucket.string)
    }

    /// An explicit deny beats every allow. A statement counts when all of its parts fit.
    package func evaluate(_ request: PolicyRequest) -> Decision {
        let action = PolicyAction.number(request.action)
        var resource: [UInt8] = []
        var decision = Decision.none
        for statement in statements where statement.actions.contains(action) {
            guard statement.principals.contains(request.caller.credential) != statement.isNotPrincipal else { continue }
            if resource.isEmpty { resource = Self.resource(request) }
            guard statement.resources.contains(where: { $0.matches(resource, request) }) != statement.isNotResource,
                statement.conditions.allSatisfy({ $0.holds(request) })
            else { continue }
            if !statement.isAllow { return .deny }
            decision = .allow
        }
        return decision
    }

    private static func resource(_ request: PolicyRequest) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(request.bucket.utf8.count + 1 + (request.key?.count ?? 0))
        bytes.append(contentsOf: request.bucket.utf8)
        if let key = request.key {
            bytes.append(UInt8(ascii: "/"))
            bytes.append(contentsOf: key)
        }
        return bytes
    }
}
