// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// A run of bytes that arrives piece by piece; pulling is what makes the sender go on.
///
/// One consumer, one call at a time. After `nil` or an error, `next()` is not called again.
package protocol ObjectBody: AnyObject {
    /// The next piece, never empty; nil at the end, and then everything the transport can check (framing,
    /// chunk signatures, declared length) has been checked. The buffer belongs to the caller.
    func next() async throws(StoreError) -> ByteBuffer?

    /// What the content must amount to; asked once, after `next()` returned nil, because trailers come last.
    func expectations() throws(StoreError) -> ContentExpectations
}

extension ObjectBody {
    package func expectations() throws(StoreError) -> ContentExpectations { ContentExpectations() }
}

/// The values a client announced for the content; the store compares them before it commits.
package struct ContentExpectations: Sendable, Hashable {
    /// Content-MD5. Mismatch: `badDigest`.
    package var md5: [UInt8]?
    /// x-amz-content-sha256, or an OCI digest. Mismatch: `payloadHashMismatch`.
    package var sha256: SHA256Digest?
    /// x-amz-checksum-*, from a header or a trailer. Mismatch: `badDigest`.
    package var checksum: ChecksumValue?

    package init(md5: [UInt8]? = nil, sha256: SHA256Digest? = nil, checksum: ChecksumValue? = nil) {
        self.md5 = md5
        self.sha256 = sha256
        self.checksum = checksum
    }
}

/// A body that is all there already.
package final class BufferBody: ObjectBody {
    private var buffer: ByteBuffer?
    private let expected: ContentExpectations

    package init(_ buffer: ByteBuffer, expectations: ContentExpectations = ContentExpectations()) {
        self.buffer = buffer.readableBytes == 0 ? nil : buffer
        self.expected = expectations
    }

    package func next() async throws(StoreError) -> ByteBuffer? {
        defer { buffer = nil }
        return buffer
    }

    package func expectations() throws(StoreError) -> ContentExpectations { expected }
}
