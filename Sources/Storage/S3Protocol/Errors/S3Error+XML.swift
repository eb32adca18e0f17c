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
        writer.element("Message", message)
        for extra in extras { writer.element(dynamic: extra.name, extra.value) }
        writer.element("Resource", resource)
        writer.element("RequestId", requestID)
        writer.element("HostId", hostID)
        writer.close("Error")
        return writer.finish()
    }
}
