// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import FileStore
import FoundationEssentials
import Glibc
import PlatformKit

/// The data directory, held by this process alone while the value lives.
///
/// ```
/// DATA/FORMAT                  "drydock data format 1"
/// DATA/LOCK                    held while a process uses the directory
/// DATA/root-credentials.json   mode 0600
/// DATA/reserve                 room for a start on a full drive
/// DATA/run/ports.json          the listeners' ports
/// DATA/run/admin-token         mode 0600: lets the command line use the admin port
/// DATA/metadata/               RocksDB
/// DATA/packs/                  chunks
/// DATA/kept/                   logs of the metadata as they were when one was found damaged, else not there
/// ```
struct DataDirectory {
    /// The lock could not be had: another process has it, as a rule.
    struct NotLocked: Error, CustomStringConvertible {
        let description: String
    }

    static let formatVersion = 1

    let path: String
    var metadata: String { path + "/metadata" }
    var kept: String { path + "/kept" }
    var packs: String { path + "/packs" }
    private let lock: DirectoryLock

    /// - Parameter mayCreate: false for the offline verbs, which must not make a store out of a typing error.
    init(_ path: String, mayCreate: Bool) throws {
        self.path = path
        // RocksDB makes its files as the process lets it, and small objects lie in them.
        umask(0o077)
        if mayCreate { try DurableFile.makeDirectories(path, mode: 0o700) }
        guard access(path, F_OK) == 0 else { throw ConfigurationProblem("there is no data directory \(path)") }
        // Before the lock, which would leave its file in a directory that is not ours. It is made under the lock, and never changes.
        if !mayCreate { try Self.checkFormat(path, mayCreate: false) }
        do {
            lock = try DirectoryLock(directory: path)
        } catch {
            throw NotLocked(description: "can't use the data directory \(path): \(error.message)")
        }
        // Those of a server that was killed are another's by now, perhaps.
        PortsFile.remove(in: path)
        if mayCreate { try Self.checkFormat(path, mayCreate: true) }
    }

    private static func checkFormat(_ path: String, mayCreate: Bool) throws {
        let file = path + "/FORMAT"
        let expected = "drydock data format \(formatVersion)\n"
        guard let data = try DurableFile.read(file) else {
            let isFresh = access(path + "/metadata", F_OK) != 0 && access(path + "/packs", F_OK) != 0
            guard mayCreate, isFresh else {
                throw ConfigurationProblem("\(path) is not a Drydock data directory: it has no FORMAT file")
            }
            return try DurableFile.write(Data(expected.utf8), to: file, mode: 0o644)
        }
        let text = String(decoding: data, as: UTF8.self)
        guard text == expected else {
            let found = text.split(separator: "\n").first.map(String.init) ?? "nothing"
            throw ConfigurationProblem(
                "\(path) has the wrong format version: FORMAT says '\(found)', this version reads 'drydock data format \(formatVersion)'"
            )
        }
    }
}
