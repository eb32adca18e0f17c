// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

extension StoreError {
    init(_ error: MetadataError) {
        switch error.code {
        case .noSpace: self.init(.insufficientStorage, diagnosis: error.message)
        case .corrupted: self.init(.corrupted, diagnosis: error.message)
        case .failed, .locked, .unsupportedFormat: self.init(.unavailable, diagnosis: error.message)
        case .ioFailure: self.init(.ioFailure, diagnosis: error.message)
        }
    }

    /// A record that can't be read. `record` says which, for the log.
    init(_ error: DecodeError, _ record: @autoclosure () -> String) {
        let reason =
            switch error.reason {
            case .unsupportedVersion: "was written by a later version of the program"
            case .truncated, .badMagic, .badChecksum, .invalidValue, .trailingBytes: "is damaged"
            }
        self.init(
            .corrupted,
            "a record of the store \(reason)",
            diagnosis: "\(record()): \(error.reason) at byte \(error.offset)",
        )
    }
}
