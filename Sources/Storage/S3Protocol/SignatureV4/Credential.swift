// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// An access key and whom it belongs to.
package struct Credential: Sendable, Hashable {
    package var accessKey: String
    package var secretKey: String
    /// The account whose buckets it may use.
    package var account: String
    /// Its principal in policies, such as `arn:aws:iam::ACCOUNT:root`.
    package var principalARN: String
    /// Temporary credentials only: the token every request must carry.
    package var sessionToken: String?
    /// Temporary credentials only.
    package var expiration: Timestamp?
    package var isActive: Bool

    package init(
        accessKey: String,
        secretKey: String,
        account: String,
        principalARN: String? = nil,
        sessionToken: String? = nil,
        expiration: Timestamp? = nil,
        isActive: Bool = true
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.account = account
        self.principalARN = principalARN ?? "arn:aws:iam::\(account):root"
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.isActive = isActive
    }
}

/// Where secrets come from. Called on the event loop: answers from memory, never blocks.
package protocol CredentialLookup: Sendable {
    func credential(for accessKey: String) -> Credential?
}

/// A fixed set of credentials.
package struct StaticCredentials: CredentialLookup {
    private let credentials: [String: Credential]

    package init(_ credentials: [Credential]) {
        self.credentials = Dictionary(credentials.map { ($0.accessKey, $0) }) { first, _ in first }
    }

    package func credential(for accessKey: String) -> Credential? { credentials[accessKey] }
}

/// What of a request goes into its signature.
package struct RequestSignatureInput: Sendable {
    /// As sent, upper case.
    package var method: String
    /// As sent, percent-encoded.
    package var rawPath: String
    /// As sent, without the "?"; nil when there was none.
    package var rawQuery: String?
    /// `rawQuery`, decoded.
    package var query: S3Query
    package var headers: S3Headers
    package var now: Timestamp

    package init(
        method: String,
        rawPath: String,
        rawQuery: String?,
        query: S3Query,
        headers: S3Headers,
        now: Timestamp
    ) {
        self.method = method
        self.rawPath = rawPath
        self.rawQuery = rawQuery
        self.query = query
        self.headers = headers
        self.now = now
    }
}

/// A request whose sender is known, or known to be nobody in particular.
package struct AuthenticatedRequest: Sendable {
    /// Nil for an anonymous request.
    package let credential: Credential?
    /// How the body is coded and what is known of its hash.
    package let payload: PayloadCoding
    /// What chunk signatures are checked with; nil for an anonymous request.
    package let chunkSigning: ChunkSigningContext?
    /// Signed in the query: hoisted parameters count as headers, and the URL's user chose no header but the signed ones.
    package let isPresigned: Bool
    /// When the signer says it was signed; nil for an anonymous request.
    package let signedAt: Timestamp?

    package var isAnonymous: Bool { credential == nil }

    package var accessKey: String? { credential?.accessKey }
}

/// What a streaming body needs to check the signatures of its chunks.
package struct ChunkSigningContext: Sendable {
    let key: SigningKey
    /// As in the string to sign, `20130524T000000Z`.
    let date: String
    /// `20130524/us-east-1/s3/aws4_request`
    let scope: Substring
    /// The request's own signature.
    let seedSignature: SHA256Digest
    let accessKey: String
}
