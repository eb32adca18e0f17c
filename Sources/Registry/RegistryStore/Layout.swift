// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import StorageTypes

/// Where the registry keeps what: the only place that builds a key of its bucket.
///
/// ```
/// blobs/<algorithm>/<xx>/<hex>                          a blob's content, once for all repositories
/// holders/<algorithm>/<hex>/<name>                      empty: repository <name> links the blob, or is about to
/// catalog/<name>                                        empty: repository <name> has a manifest
/// uploads/<id>/state                                    an upload session (UploadSession)
/// uploads/<id>/data-<generation>                        what it received: a multipart upload, then an object
/// repositories/<name>/_blobs/<algorithm>/<hex>          link: the blob belongs to the repository; its size in decimal
/// repositories/<name>/_manifests/<algorithm>/<hex>      a manifest's bytes; the content type is its media type
/// repositories/<name>/_parents/<algorithm>/<hex>/<d>    empty: manifest <d> names this blob or manifest
/// repositories/<name>/_referrers/<algorithm>/<hex>/<d>  descriptor of manifest <d>, whose subject this is
/// repositories/<name>/_tagged/<algorithm>/<hex>/<tag>   empty: the tag points, or once pointed, at this manifest
/// repositories/<name>/_tags/<tag>                       digest of the manifest; the content type is its media type
/// ```
///
/// `<xx>` is the first byte of the hash, `<d>` a digest written `algorithm:hex`. No component of a repository's name
/// begins with `_`, so a name that is the beginning of another shares no prefix with it. The longest key, a referrer by
/// SHA-512 in a repository with a name of 255 bytes, has 13 + 255 + 12 + 136 + 135 = 551 bytes of the 1,024 allowed.
struct Layout {
    static func content(_ digest: OCIDigest) -> ObjectKey {
        key("blobs/\(digest.algorithm.rawValue)/\(digest.hex.prefix(2))/\(digest.hex)")
    }

    static func holders(_ digest: OCIDigest) -> String { "holders/\(path(digest))/" }

    static func holder(_ digest: OCIDigest, _ repository: RepositoryName) -> ObjectKey {
        key(holders(digest) + repository.string)
    }

    static let catalog = "catalog/"

    static func catalog(_ repository: RepositoryName) -> ObjectKey { key(catalog + repository.string) }

    static let uploads = "uploads/"
    static let stateSuffix = "/state"

    static func uploadState(_ id: String) -> ObjectKey { key(uploads + id + stateSuffix) }

    static func uploadData(_ id: String, generation: Int) -> ObjectKey { key("\(uploads)\(id)/data-\(generation)") }

    /// The prefix of everything that a repository holds.
    static func everything(_ repository: RepositoryName) -> String { "repositories/\(repository)/_" }

    static func link(_ repository: RepositoryName, _ digest: OCIDigest) -> ObjectKey {
        key(everything(repository) + "blobs/" + path(digest))
    }

    static func manifests(_ repository: RepositoryName) -> String { everything(repository) + "manifests/" }

    static func manifest(_ repository: RepositoryName, _ digest: OCIDigest) -> ObjectKey {
        key(manifests(repository) + path(digest))
    }

    static func parents(_ repository: RepositoryName, of child: OCIDigest) -> String {
        everything(repository) + "parents/\(path(child))/"
    }

    static func parent(_ repository: RepositoryName, of child: OCIDigest, _ parent: OCIDigest) -> ObjectKey {
        key(parents(repository, of: child) + parent.description)
    }

    static func referrers(_ repository: RepositoryName, of subject: OCIDigest) -> String {
        everything(repository) + "referrers/\(path(subject))/"
    }

    static func referrer(_ repository: RepositoryName, of subject: OCIDigest, _ digest: OCIDigest) -> ObjectKey {
        key(referrers(repository, of: subject) + digest.description)
    }

    static func tagged(_ repository: RepositoryName, _ digest: OCIDigest) -> String {
        everything(repository) + "tagged/\(path(digest))/"
    }

    static func tagged(_ repository: RepositoryName, _ digest: OCIDigest, _ tag: Tag) -> ObjectKey {
        key(tagged(repository, digest) + tag.string)
    }

    static func tags(_ repository: RepositoryName) -> String { everything(repository) + "tags/" }

    static func tag(_ repository: RepositoryName, _ tag: Tag) -> ObjectKey { key(tags(repository) + tag.string) }

    /// What follows `prefix` in a key that a listing of `prefix` returned.
    static func name(_ key: ObjectKey, after prefix: String) -> String {
        String(decoding: key.bytes.dropFirst(prefix.utf8.count), as: UTF8.self)
    }

    private static func path(_ digest: OCIDigest) -> String { digest.algorithm.rawValue + "/" + digest.hex }

    /// Names, tags and digests are validated and bounded, so what is built of them is a key.
    private static func key(_ text: String) -> ObjectKey { ObjectKey(stored: Array(text.utf8)) }
}
