// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What names a manifest in a path: a digest when it holds a colon, else a tag (`spec/registry.md` §1.1).
package enum Reference: Sendable, Hashable, CustomStringConvertible {
    case tag(Tag)
    case digest(OCIDigest)

    /// - Throws: `digestInvalid` for a text with a colon that is no supported digest, `manifestInvalid` for one without
    ///   that is no tag.
    package init(_ text: some StringProtocol) throws(RegistryError) {
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard let digest = OCIDigest(text) else { throw .digestInvalid(String(text)) }
            self = .digest(digest)
        } else {
            guard let tag = Tag(text) else {
                throw RegistryError(.manifestInvalid, "invalid tag", detail: String(text))
            }
            self = .tag(tag)
        }
    }

    package var description: String {
        switch self {
        case .tag(let tag): tag.string
        case .digest(let digest): digest.description
        }
    }
}
