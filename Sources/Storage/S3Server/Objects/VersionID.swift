// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import S3Protocol

/// `versionId` in a bucket that has never been versioned: `null` names the object, nothing else names anything.
enum VersionID {
    /// Longer than any this server will hand out, and far below what a header may hold.
    private static let byteCountRange = 16...1_024

    /// - Throws: `invalidArgument` for what can't be a version id, `noSuchVersion` for one that nobody has.
    static func checkReadable(_ call: S3Call) throws(S3Error) {
        guard call.query.has("versionId") else { return }
        let text = call.query.first("versionId") ?? ""
        guard try !isNull(text) else { return }
        let key = String(decoding: call.target.key ?? [], as: UTF8.self)
        throw S3Error(.noSuchVersion, extras: [.init("Key", key), .init("VersionId", text)])
    }

    /// False for the id of a version that does not exist.
    static func isNull(_ text: String) throws(S3Error) -> Bool {
        if text == "null" { return true }
        let isWellFormed =
            byteCountRange.contains(text.utf8.count)
            && text.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
        guard isWellFormed else {
            throw .invalidArgument("Invalid version id specified", name: "versionId", value: text)
        }
        return false
    }
}
