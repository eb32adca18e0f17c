// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// The body of DeleteObjects.
package struct DeleteDocument: Sendable {
    package struct Entry: Sendable {
        /// As written, 1 byte or more; longer ones than a key may be fail one by one.
        package var key: [UInt8]
        package var versionID: String?
        package var condition: WriteCondition
    }

    package var entries: [Entry]
    package var isQuiet: Bool
}

extension S3XML {
    package static let deleteByteCountMax = 2 << 20
    package static let deleteEntryCountMax = 1_000
    /// 10,000 parts with every element written out and indented stay below it.
    package static let completeByteCountMax = 4 << 20
    package static let partCountMax = 10_000
    package static let createBucketByteCountMax = 64 << 10

    /// - Throws: `malformedXML`, also for no entry, for more than 1,000 and for a body above 2 MiB.
    package static func parseDelete(_ body: [UInt8]) throws(S3Error) -> DeleteDocument {
        let root = try document(body, root: "Delete", byteCountMax: deleteByteCountMax)
        let objects = root.all("Object")
        guard (1...deleteEntryCountMax).contains(objects.count) else { throw S3Error(.malformedXML) }
        var entries: [DeleteDocument.Entry] = []
        entries.reserveCapacity(objects.count)
        for object in objects {
            guard let key = object.text(of: "Key"), !key.isEmpty else { throw S3Error(.malformedXML) }
            var condition = WriteCondition(ifMatch: object.text(of: "ETag").map { ETagCondition($0).match })
            if let text = object.text(of: "Size") {
                guard let size = UInt64(String(text[...].trimmedXML)) else { throw S3Error(.malformedXML) }
                condition.ifMatchSize = size
            }
            if let text = object.text(of: "LastModifiedTime") {
                guard let time = Conditions.date(String(text[...].trimmedXML)) else { throw S3Error(.malformedXML) }
                condition.ifMatchLastModified = time
            }
            let version = object.text(of: "VersionId").flatMap { $0.isEmpty ? nil : $0 }
            entries.append(DeleteDocument.Entry(key: Array(key.utf8), versionID: version, condition: condition))
        }
        return DeleteDocument(entries: entries, isQuiet: try boolean(root.text(of: "Quiet")) ?? false)
    }

    /// The parts as listed; their order is the store's to judge.
    ///
    /// - Throws: `malformedXML` for an empty list or a part without number or tag, `invalidArgument` for a number outside
    ///   1...10,000 and for a checksum that is none, `invalidPart` for a tag that no part can have.
    package static func parseCompleteUpload(_ body: [UInt8], uploadID: String) throws(S3Error) -> [CompletedPart] {
        let root = try document(body, root: "CompleteMultipartUpload", byteCountMax: completeByteCountMax)
        let elements = root.all("Part")
        guard (1...partCountMax).contains(elements.count) else { throw S3Error(.malformedXML) }
        var parts: [CompletedPart] = []
        parts.reserveCapacity(elements.count)
        for element in elements {
            guard let numberText = element.text(of: "PartNumber"), let tagText = element.text(of: "ETag"),
                let number = Int(String(numberText[...].trimmedXML))
            else { throw S3Error(.malformedXML) }
            guard (1...partCountMax).contains(number) else {
                throw S3Error.invalidArgument(
                    "PartNumber must be an integer between 1 and 10000, inclusive",
                    name: "partNumber",
                    value: String(number),
                )
            }
            let tag = String(tagText[...].trimmedXML)
            guard !tag.isEmpty else { throw S3Error(.malformedXML) }
            guard let etag = ETag(tag) else {
                throw S3Error(
                    .invalidPart,
                    extras: [
                        S3Error.Extra("UploadId", uploadID),
                        S3Error.Extra("PartNumber", String(number)),
                        S3Error.Extra("ETag", tag),
                    ],
                )
            }
            parts.append(CompletedPart(number: number, etag: etag, checksum: try checksum(element)))
        }
        return parts
    }

    /// The location of a CreateBucket body; nil for an empty body or one without a location.
    ///
    /// - Throws: `malformedXML`; `notImplemented` for what only directory buckets have.
    package static func parseCreateBucket(_ body: [UInt8]) throws(S3Error) -> String? {
        guard !body.isEmpty else { return nil }
        let root = try document(body, root: "CreateBucketConfiguration", byteCountMax: createBucketByteCountMax)
        for name in ["Location", "Bucket"] where root.first(name) != nil {
            throw S3Error.notImplemented(resource: name)
        }
        guard let location = root.text(of: "LocationConstraint") else { return nil }
        let text = String(location[...].trimmedXML)
        return text.isEmpty ? nil : text
    }

    /// Reads a document and checks its root: the start of every parser of a body.
    ///
    /// - Throws: `malformedXML`.
    package static func document(_ body: [UInt8], root: String, byteCountMax: Int) throws(S3Error) -> XMLElement {
        do {
            let element = try XMLReader.parse(body, byteCountMax: byteCountMax)
            guard element.name == root else { throw XMLError.malformed }
            return element
        } catch {
            throw S3Error(.malformedXML)
        }
    }

    private static func boolean(_ text: String?) throws(S3Error) -> Bool? {
        guard let text else { return nil }
        switch text[...].trimmedXML.lowercased() {
        case "true", "1": return true
        case "false", "0", "": return false
        default: throw S3Error(.malformedXML)
        }
    }

    /// At most one `Checksum*` element.
    private static func checksum(_ element: XMLElement) throws(S3Error) -> ChecksumValue? {
        var found: ChecksumValue?
        for child in element.children where child.name.hasPrefix("Checksum") {
            guard let algorithm = ChecksumAlgorithm(name: String(child.name.dropFirst(8))), found == nil,
                let value = ChecksumValue(algorithm, text: String(child.text[...].trimmedXML))
            else {
                throw S3Error.invalidArgument("Invalid checksum of a part", name: child.name, value: child.text)
            }
            found = value
        }
        return found
    }
}

extension Substring {
    /// Without the white space of XML at both ends.
    var trimmedXML: Substring {
        var bytes = utf8[...]
        while let first = bytes.first, Self.isXMLSpace(first) { bytes = bytes.dropFirst() }
        while let last = bytes.last, Self.isXMLSpace(last) { bytes = bytes.dropLast() }
        return Substring(bytes)
    }

    private static func isXMLSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x09 || byte == 0x0D
    }
}
