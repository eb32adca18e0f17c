// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// Something that contradicts something else and whom it concerns.
package struct ObjectProblem: Sendable, Hashable, CustomStringConvertible {
    /// What the problem is about.
    package enum Subject: Sendable, Hashable {
        case object(bucket: String, key: String)
        case upload(bucket: String, key: String, uploadID: String)
        /// `object` is its upload's bucket and key; nil when the upload has no record.
        case part(uploadID: String, number: Int, object: String?)
        case bucket(String)
        /// Space that belongs to nobody.
        case content(UInt64)
        case record(table: String, key: String)
    }

    package var subject: Subject
    /// Lower case, no full stop.
    package var text: String

    package var description: String {
        switch subject {
        case .object(let bucket, let key): "object \(bucket)/\(key): \(text)"
        case .upload(let bucket, let key, let id): "upload \(id) of \(bucket)/\(key): \(text)"
        case .part(let id, let number, nil): "part \(number) of upload \(id): \(text)"
        case .part(let id, let number, let object?): "part \(number) of upload \(id) of \(object): \(text)"
        case .bucket(let name): "bucket \(name): \(text)"
        case .content(let id): "content \(id): \(text)"
        case .record(let table, let key): "record \(key) of table \(table): \(text)"
        }
    }
}
