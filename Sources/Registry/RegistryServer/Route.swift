// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import OCIModel
import StorageTypes

/// What a path names, read from its right end, because a repository's name may hold any of the words that follow it
/// (`spec/registry.md` §1.2).
enum Route: Equatable {
    case ping
    case catalog
    case manifest(RepositoryName, String)
    case blob(RepositoryName, String)
    case uploads(RepositoryName)
    case upload(RepositoryName, id: String)
    case tags(RepositoryName)
    case referrers(RepositoryName, String)

    /// - Throws: `nameInvalid`, or an error with 404 for a path that ends like no endpoint.
    init(rawPath: String) throws(RegistryError) {
        let bytes: [UInt8]? = rawPath.utf8.contains(UInt8(ascii: "%")) ? PercentEncoding.decode(rawPath.utf8) : nil
        let path: String
        if let bytes {
            guard let text = String(validating: bytes, as: UTF8.self) else { throw RegistryError(.nameInvalid) }
            path = text
        } else {
            path = rawPath
        }
        guard path != "/v2", path != "/v2/" else {
            self = .ping
            return
        }
        guard path.hasPrefix("/v2/") else { throw Self.unknown(path) }
        let pieces = path.dropFirst(4).split(separator: "/", omittingEmptySubsequences: false)
        switch pieces {
        case ["_catalog"]: self = .catalog
        default: self = try Self.endpoint(pieces, path)
        }
    }

    private static func endpoint(_ pieces: [Substring], _ path: String) throws(RegistryError) -> Route {
        func name(dropping count: Int) throws(RegistryError) -> RepositoryName {
            let text = pieces.dropLast(count).joined(separator: "/")
            guard let name = RepositoryName(text) else { throw RegistryError(.nameInvalid, detail: text) }
            return name
        }
        guard pieces.count >= 3, let last = pieces.last else { throw unknown(path) }
        let before = pieces[pieces.count - 2]
        if before == "uploads", pieces.count >= 4, pieces[pieces.count - 3] == "blobs" {
            let name = try name(dropping: 3)
            return last.isEmpty ? .uploads(name) : .upload(name, id: String(last))
        }
        switch before {
        case "manifests": return .manifest(try name(dropping: 2), String(last))
        case "blobs" where last == "uploads": return .uploads(try name(dropping: 2))
        case "blobs": return .blob(try name(dropping: 2), String(last))
        case "tags" where last == "list": return .tags(try name(dropping: 2))
        case "referrers": return .referrers(try name(dropping: 2), String(last))
        default: throw unknown(path)
        }
    }

    private static func unknown(_ path: String) -> RegistryError {
        RegistryError(.unsupported, "no such endpoint", detail: path, status: 404)
    }

    /// The methods it takes, as an `Allow` header lists them.
    var allowedMethods: String {
        switch self {
        case .ping, .catalog, .tags, .referrers: "GET, HEAD"
        case .manifest: "GET, HEAD, PUT, DELETE"
        case .blob: "GET, HEAD, DELETE"
        case .uploads: "POST"
        case .upload: "GET, HEAD, PATCH, PUT, DELETE"
        }
    }
}
