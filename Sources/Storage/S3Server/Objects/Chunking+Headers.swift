// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol
import StorageTypes

extension Chunking {
    /// What is compressed for good: these files are replaced, hardly ever changed in the middle.
    ///
    /// Not gzip, zstd and zip, though they are compressed: an archive with one more member, a layer of separately compressed
    /// files and a stream made rsyncable are equal from place to place, and cuts by content find that.
    private static let wholeTypes: Set<String> = [
        "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic", "image/heif", "image/jxl",
        "audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/opus", "audio/webm", "audio/flac", "audio/x-flac",
        "video/mp4", "video/mpeg", "video/webm", "video/ogg", "video/quicktime", "video/3gpp", "video/mp2t",
        "video/x-matroska", "video/x-msvideo", "video/x-flv", "video/x-ms-wmv", "video/x-m4v",
        "application/x-xz", "application/x-bzip2", "application/x-7z-compressed",
    ]

    /// What the request asks for, else what the object's type tells.
    ///
    /// - Throws: `invalidArgument` for a way that does not exist.
    static func read(_ call: S3Call, _ metadata: ObjectMetadata) throws(S3Error) -> Chunking {
        guard let name = call.header("x-drydock-chunking") else {
            return Chunking(contentType: metadata.contentType ?? "")
        }
        guard let chunking = allCases.first(where: { $0.name == name }) else {
            throw .invalidArgument(
                "The way of chunking must be one of \(allCases.map(\.name).joined(separator: ", ")).",
                name: "x-drydock-chunking",
                value: name
            )
        }
        return chunking
    }

    /// - Parameter contentType: parameters behind a semicolon do not matter.
    init(contentType: String) {
        let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        self = Self.wholeTypes.contains(type) ? .whole : .contentDefined
    }
}
