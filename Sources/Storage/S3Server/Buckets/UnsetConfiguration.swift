// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import S3Protocol
import StorageTypes

extension S3Service {
    /// GET of a configuration that nothing can set yet. "Never set" is the truth, and clients probe for it.
    func getUnsetConfiguration(_ call: S3Call) throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        switch call.route.unsetAnswer {
        case .missing(let code):
            throw S3Error(code, extras: [.init("BucketName", bucket.name.string)])
        case .document(let root, let child, let text):
            var writer = XMLWriter(capacity: 256)
            writer.open(root, namespace: XMLWriter.namespace)
            if let child { writer.element(child, text) }
            writer.close(root)
            return .xml(writer.finish())
        case nil:
            throw .notImplemented(resource: call.route.subresource)
        }
    }

    /// GetBucketAcl and GetObjectAcl: ACLs can't be changed, so the owner's full control is all there is.
    func getACL(_ call: S3Call) async throws(S3Error) -> S3Answer {
        if call.route.operation == .getObjectAcl {
            try VersionID.checkReadable(call)
            _ = try await open(call)
        }
        let owner = try call.bucket().owner
        var writer = XMLWriter(capacity: 512)
        writer.open("AccessControlPolicy", namespace: XMLWriter.namespace)
        writer.open("Owner")
        writer.element("ID", owner)
        writer.element("DisplayName", owner)
        writer.close("Owner")
        writer.open("AccessControlList")
        writer.open("Grant")
        writer.open(
            "Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"" as StaticString
        )
        writer.element("ID", owner)
        writer.element("DisplayName", owner)
        writer.close("Grantee")
        writer.element("Permission", constant: "FULL_CONTROL")
        writer.close("Grant")
        writer.close("AccessControlList")
        writer.close("AccessControlPolicy")
        return .xml(writer.finish())
    }

    func getObjectTagging(_ call: S3Call) async throws(S3Error) -> S3Answer {
        try VersionID.checkReadable(call)
        let tags = try await open(call).info.metadata.tags
        var writer = XMLWriter(capacity: 512)
        writer.open("Tagging", namespace: XMLWriter.namespace)
        writer.open("TagSet")
        for tag in tags {
            writer.open("Tag")
            writer.element("Key", tag.name)
            writer.element("Value", tag.value)
            writer.close("Tag")
        }
        writer.close("TagSet")
        writer.close("Tagging")
        return .xml(writer.finish())
    }
}
