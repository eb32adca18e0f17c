// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import OCIModel
import StorageTypes

/// What a request is answered with, before anything of it is sent.
struct Answer {
    enum Content {
        case none
        case bytes(ByteBuffer)
        /// A length without its bytes: HEAD.
        case announced(UInt64)
        case blob(BlobContent)
    }

    var head: HTTPResponseHead
    var content: Content

    init(_ status: Int, _ content: Content = .none) {
        head = HTTPResponseHead(status: status)
        self.content = content
    }

    init(_ status: Int, json: [UInt8], mediaType: String = MediaType.json) {
        self.init(status, .bytes(ByteBuffer(bytes: json)))
        head.add("Content-Type", mediaType)
    }

    init(_ error: RegistryError, isHead: Bool) {
        let document = error.document
        self.init(error.status, isHead ? .announced(UInt64(document.count)) : .bytes(ByteBuffer(bytes: document)))
        head.add("Content-Type", MediaType.json)
        if error.status == 429 || error.status == 503 { head.add("Retry-After", "1") }
    }
}

/// Bytes of one object, whole or in ranges, with what is to be said between them.
struct BlobContent {
    let object: any OpenedObject
    /// What goes before each range, and the range.
    var parts: [(prefix: ByteBuffer?, range: Range<UInt64>)]
    var suffix: ByteBuffer?

    var byteCount: UInt64 {
        parts.reduce(UInt64(suffix?.readableBytes ?? 0)) { sum, part in
            sum + UInt64(part.prefix?.readableBytes ?? 0) + UInt64(part.range.count)
        }
    }
}

extension RegistryError {
    /// `{"errors":[{"code":…,"message":…,"detail":…}]}`
    var document: [UInt8] {
        var errors: [JSONValue] = []
        for entry in entries {
            var object = JSONObject()
            object.append("code", .string(entry.code.rawValue))
            object.append("message", .string(entry.message))
            if let detail = entry.detail { object.append("detail", .string(detail)) }
            errors.append(.object(object))
        }
        return JSONValue.object(["errors": .array(errors)]).encoded()
    }
}
