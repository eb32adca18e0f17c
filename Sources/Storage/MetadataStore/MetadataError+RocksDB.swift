// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CRocksDB

extension MetadataError {
    /// Reads RocksDB's rendering of a status, the only form its C API gives: `Kind: subkind: context: errno text`.
    init(rocksDBStatus status: String) {
        self.init(Self.code(ofRocksDBStatus: status), status)
    }

    /// The drive, the quota, the largest size of a file; and RocksDB's own limit.
    private static let noSpaceTexts = [
        "No space left on device", "Disk quota exceeded", "File too large", "Max allowed space was reached",
    ]

    /// What is damaged is the bytes of one value that lies apart (a blob, in RocksDB's words, which name no file then), and the table
    /// is not.
    package var concernsOneValue: Bool {
        code == .corrupted && !message.contains(".sst") && (message.contains("Blob") || message.contains("blob"))
    }

    private static func code(ofRocksDBStatus status: String) -> Code {
        if status.hasPrefix("Corruption") { return .corrupted }
        if status.hasPrefix("IO error") {
            if noSpaceTexts.contains(where: { status.contains($0) }) { return .noSpace }
            // "IO error: lock hold by current process …/LOCK: No locks available" and
            // "IO error: While lock file: …/LOCK: Resource temporarily unavailable".
            if status.contains("/LOCK: ") && status.contains("lock") {
                return .locked
            }
            return .ioFailure
        }
        // Tables or options of a release that is newer than this one.
        if status.hasPrefix("Invalid argument") || status.hasPrefix("Not implemented") { return .unsupportedFormat }
        return .ioFailure
    }

    /// Runs one call of the C API, which reports an error by pointing its last argument to a text.
    static func checked<Result>(
        _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) throws(MetadataError) -> Result {
        var status: UnsafeMutablePointer<CChar>?
        let result = call(&status)
        guard let status else { return result }
        defer { rocksdb_free(status) }
        throw MetadataError(rocksDBStatus: String(cString: status))
    }
}
