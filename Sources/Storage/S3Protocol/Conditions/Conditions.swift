// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// The value of an `If-Match` or `If-None-Match` header: `*`, or entity tags with or without quotes.
package struct ETagCondition: Sendable, Hashable {
    package enum Form: Sendable, Hashable {
        case any
        /// As written, without quotes and weak marks; may hold tags that no object here ever has.
        case tags([String])
    }

    package let form: Form

    package init(_ header: String) {
        var tags: [String] = []
        for piece in header.utf8.split(separator: UInt8(ascii: ","), maxSplits: 128) {
            var text = Substring(piece).trimmed
            if text.utf8.starts(with: "W/".utf8) { text = Substring(text.utf8.dropFirst(2)) }
            if text.utf8.count >= 2, text.utf8.first == UInt8(ascii: "\""), text.utf8.last == UInt8(ascii: "\"") {
                text = Substring(text.utf8.dropFirst().dropLast())
            }
            if text == "*" {
                form = .any
                return
            }
            tags.append(String(text))
        }
        form = .tags(tags)
    }

    package func matches(_ etag: ETag) -> Bool {
        switch form {
        case .any: return true
        case .tags(let tags):
            let text = etag.string
            return tags.contains { $0 == text || ($0.utf8.count == text.utf8.count && $0.lowercased() == text) }
        }
    }

    /// For the store, which knows only its own tags; others can't match anything.
    var match: WriteCondition.Match {
        switch form {
        case .any: .any
        case .tags(let tags): .etags(tags.compactMap { ETag($0) })
        }
    }
}

/// What preconditions say to a read.
package enum ReadDecision: Sendable, Hashable {
    case proceed
    /// 304 with the headers of the object and without its bytes.
    case notModified
    /// 412; the value is the header's name for the element Condition.
    case preconditionFailed(String)
}

/// Preconditions of reads, copies and writes (`spec/s3.md` §5). Dates count whole seconds; bad dates are ignored.
package struct Conditions: Sendable, Hashable {
    package var ifMatch: ETagCondition?
    package var ifNoneMatch: ETagCondition?
    package var ifModifiedSince: Timestamp?
    package var ifUnmodifiedSince: Timestamp?

    package init() {}

    /// Those of a GET or HEAD.
    package init(reading headers: S3Headers) {
        ifMatch = headers.joined("if-match").map(ETagCondition.init)
        ifNoneMatch = headers.joined("if-none-match").map(ETagCondition.init)
        ifModifiedSince = headers.first("if-modified-since").flatMap(Self.date)
        ifUnmodifiedSince = headers.first("if-unmodified-since").flatMap(Self.date)
    }

    /// The `x-amz-copy-source-if-*` of a copy.
    package init(copySource headers: S3Headers) {
        ifMatch = headers.joined("x-amz-copy-source-if-match").map(ETagCondition.init)
        ifNoneMatch = headers.joined("x-amz-copy-source-if-none-match").map(ETagCondition.init)
        ifModifiedSince = headers.first("x-amz-copy-source-if-modified-since").flatMap(Self.date)
        ifUnmodifiedSince = headers.first("x-amz-copy-source-if-unmodified-since").flatMap(Self.date)
    }

    package var isEmpty: Bool {
        ifMatch == nil && ifNoneMatch == nil && ifModifiedSince == nil && ifUnmodifiedSince == nil
    }

    /// For GET and HEAD. - Parameter now: an If-Modified-Since that lies in the future is ignored.
    package func evaluate(etag: ETag, lastModified: Timestamp, now: Timestamp) -> ReadDecision {
        if let ifMatch {
            // True beats a failing If-Unmodified-Since.
            if !ifMatch.matches(etag) { return .preconditionFailed("If-Match") }
        } else if let ifUnmodifiedSince, lastModified.seconds > ifUnmodifiedSince.seconds {
            return .preconditionFailed("If-Unmodified-Since")
        }
        if let ifNoneMatch {
            // False (the tag differs) beats a failing If-Modified-Since.
            if ifNoneMatch.matches(etag) { return .notModified }
        } else if let ifModifiedSince, ifModifiedSince <= now, lastModified.seconds <= ifModifiedSince.seconds {
            return .notModified
        }
        return .proceed
    }

    /// For the source of a copy: the name of the header that failed, nil to go on. Never "not modified".
    package func copyFailure(etag: ETag, lastModified: Timestamp, now: Timestamp) -> String? {
        if let ifMatch {
            if !ifMatch.matches(etag) { return "x-amz-copy-source-If-Match" }
        } else if let ifUnmodifiedSince, lastModified.seconds > ifUnmodifiedSince.seconds {
            return "x-amz-copy-source-If-Unmodified-Since"
        }
        if let ifNoneMatch {
            if ifNoneMatch.matches(etag) { return "x-amz-copy-source-If-None-Match" }
        } else if let ifModifiedSince, ifModifiedSince <= now, lastModified.seconds <= ifModifiedSince.seconds {
            return "x-amz-copy-source-If-Modified-Since"
        }
        return nil
    }

    /// Whether an `If-Range` header lets a Range count: the tag is the same, or the date is exactly the object's.
    package static func ifRangeHolds(_ header: String?, etag: ETag, lastModified: Timestamp) -> Bool {
        guard let header else { return true }
        if let date = HTTPDate.parse(header) { return date.seconds == lastModified.seconds }
        // A weak tag never makes a strong comparison true.
        guard !header.utf8.starts(with: "W/".utf8) else { return false }
        return header == etag.quoted || header == etag.string
    }

    static func date(_ text: String) -> Timestamp? {
        HTTPDate.parse(text) ?? ISO8601.parse(text)
    }
}

extension WriteCondition {
    /// `If-Match` and `If-None-Match` of PutObject, CompleteMultipartUpload and CopyObject, profile `aws`.
    ///
    /// - Throws: `notImplemented` for `If-None-Match` with anything but `*`, and for both headers at once.
    package static func writing(_ headers: S3Headers) throws(S3Error) -> WriteCondition {
        let ifMatch = headers.joined("if-match")
        let ifNoneMatch = headers.joined("if-none-match")
        guard ifMatch != nil || ifNoneMatch != nil else { return .none }
        if let ifNoneMatch {
            guard ifMatch == nil, ETagCondition(ifNoneMatch).form == .any else {
                throw S3Error.notImplemented(header: "If-None-Match")
            }
            return WriteCondition(ifNoneMatch: .any)
        }
        return WriteCondition(ifMatch: ifMatch.map { ETagCondition($0).match })
    }

    /// `If-Match`, `x-amz-if-match-size` and `x-amz-if-match-last-modified-time` of DeleteObject.
    ///
    /// - Throws: `invalidArgument` for a size or a time that is none.
    package static func deleting(_ headers: S3Headers) throws(S3Error) -> WriteCondition {
        var condition = WriteCondition(ifMatch: headers.joined("if-match").map { ETagCondition($0).match })
        if let text = headers.first("x-amz-if-match-size") {
            guard let size = UInt64(text) else {
                throw S3Error.invalidArgument("Invalid size", name: "x-amz-if-match-size", value: text)
            }
            condition.ifMatchSize = size
        }
        if let text = headers.first("x-amz-if-match-last-modified-time") {
            guard let time = Conditions.date(text) else {
                throw S3Error.invalidArgument("Invalid date", name: "x-amz-if-match-last-modified-time", value: text)
            }
            condition.ifMatchLastModified = time
        }
        return condition
    }
}
