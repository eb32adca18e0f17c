// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes

/// `x-amz-tagging`: form-encoded pairs (`spec/s3.md` §7.10).
enum TagHeader {
    static let tagCountMax = 10
    static let keyCharacterCountMax = 128
    static let valueCharacterCountMax = 256

    static func read(_ call: S3Call) throws(S3Error) -> [ObjectMetadata.Field] {
        guard let text = call.header("x-amz-tagging"), !text.isEmpty else { return [] }
        return try parse(text)
    }

    /// Sorted by key.
    static func parse(_ text: String) throws(S3Error) -> [ObjectMetadata.Field] {
        var tags: [ObjectMetadata.Field] = []
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let pieces = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let value = pieces.count == 2 ? try decode(pieces[1], text) : ""
            tags.append(ObjectMetadata.Field(name: try decode(pieces[0], text), value: value))
        }
        // AWS answers BadRequest here, not InvalidTag (`spec/s3.md` §12.3, row 7).
        guard tags.count <= tagCountMax else {
            throw S3Error(.badRequest, "Object tags cannot be greater than \(tagCountMax)")
        }
        for tag in tags {
            let isValid =
                (1...keyCharacterCountMax).contains(tag.name.unicodeScalars.count)
                && tag.value.unicodeScalars.count <= valueCharacterCountMax && !tag.name.hasPrefix("aws:")
            guard isValid else {
                throw S3Error(
                    .invalidTag,
                    "The tag provided was not a valid tag.",
                    extras: [.init("TagKey", tag.name), .init("TagValue", tag.value)]
                )
            }
        }
        tags.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        for (tag, next) in zip(tags, tags.dropFirst()) where tag.name == next.name {
            throw S3Error(
                .invalidTag,
                "Cannot provide multiple Tags with the same key",
                extras: [.init("TagKey", tag.name)]
            )
        }
        return tags
    }

    private static func decode(_ bytes: some Collection<UInt8>, _ whole: String) throws(S3Error) -> String {
        guard let decoded = PercentEncoding.decode(bytes, plusIsSpace: true),
            let text = String(validating: decoded, as: UTF8.self)
        else {
            throw .invalidArgument(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag "
                    + "name duplicates.",
                name: "x-amz-tagging",
                value: whole
            )
        }
        return text
    }
}
