// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import StorageTypes

/// `spec/s3.md` §5. A delete marker counts as absent for a put and as present for `*` of a delete.
extension WriteCondition {
    /// Of a put, a copy's destination and a completion.
    /// - Parameter current: the version that stands under the key in this instant.
    /// - Throws: `noSuchKey` when `If-Match` meets nothing, `preconditionFailed` with the header's name.
    func checkWrite(_ current: VersionHeader?, key: ObjectKey) throws(StoreError) {
        let current = current.flatMap { $0.isDeleteMarker ? nil : $0 }
        if let ifMatch {
            guard let current else { throw StoreError(.noSuchKey, details: .key(key)) }
            guard ifMatch.contains(current) else { throw Self.failed("If-Match") }
        }
        if let ifNoneMatch, let current, ifNoneMatch.contains(current) { throw Self.failed("If-None-Match") }
    }

    /// Of a delete: what is not there can't be the wrong thing, except for a caller who says it must be there.
    func checkDelete(_ current: VersionHeader?) throws(StoreError) {
        guard let current else {
            if ifMatch == .any { throw Self.failed("If-Match") }
            return
        }
        if let ifMatch, ifMatch != .any, current.isDeleteMarker || !ifMatch.contains(current) {
            throw Self.failed("If-Match")
        }
        if let ifNoneMatch, ifNoneMatch.contains(current) { throw Self.failed("If-None-Match") }
        if let ifMatchSize, current.isDeleteMarker || ifMatchSize != current.content.size {
            throw Self.failed("x-amz-if-match-size")
        }
        if let ifMatchLastModified,
            current.isDeleteMarker || ifMatchLastModified.seconds != current.lastModified.seconds
        {
            throw Self.failed("x-amz-if-match-last-modified-time")
        }
    }

    private static func failed(_ header: String) -> StoreError {
        StoreError(.preconditionFailed, details: .condition(header))
    }
}

extension WriteCondition.Match {
    fileprivate func contains(_ version: VersionHeader) -> Bool {
        switch self {
        case .any: true
        case .etags(let tags): tags.contains(version.etag)
        }
    }
}
