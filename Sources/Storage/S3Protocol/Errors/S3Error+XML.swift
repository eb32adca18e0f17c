// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

extension S3Error {
    /// The `<Error>` document, without a namespace (`spec/s3.md` §1.2).
    ///
    /// - Parameters:
    ///   - resource: the path of the request as sent.
    ///   - requestID: the same as in `x-amz-request-id`.
    ///   - hostID: the same as in `x-amz-id-2`.
    package func xml(
        resource: String,
        requestID: String,
        hostID: String,
        allocator: ByteBufferAllocator = ByteBufferAllocator()
    ) -> ByteBuffer {
        var writer = XMLWriter(allocator: allocator, capacity: 512)
        writer.open("Error", namespace: nil)
        writer.element("Code", code.name)
        writer.element("Message", Self.readable(message))
        for extra in extras { writer.element(dynamic: extra.name, Self.readable(extra.value)) }
        writer.element("Resource", Self.readable(resource))
        writer.element("RequestId", requestID)
        writer.element("HostId", hostID)
        writer.close("Error")
        return writer.finish()
    }

    /// A client must be able to read why it was refused, so what XML 1.0 can't hold is shown as U+FFFD here. Listings keep
    /// numeric references, because there the name itself counts.
    private static func readable(_ text: String) -> String {
        let isLegal = { (scalar: Unicode.Scalar) in
            switch scalar.value {
            case 0x09, 0x0A, 0x0D: true
            case 0..<0x20, 0xFFFE, 0xFFFF: false
            default: true
            }
        }
        guard !text.unicodeScalars.allSatisfy(isLegal) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isLegal(scalar) ? scalar : "\u{FFFD}") }
        return String(result)
    }
}
