// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import FileStore
import MetadataStore
import StorageTypes

extension StoreError {
    init(_ error: FileSystemError) {
        switch error.code {
        case .noSpace: self.init(.insufficientStorage, diagnosis: error.message)
        default: self.init(.ioFailure, diagnosis: error.message)
        }
    }

    init(_ error: MetadataError) {
        switch error.code {
        case .noSpace: self.init(.insufficientStorage, diagnosis: error.message)
        case .corrupted: self.init(.corrupted, diagnosis: error.message)
        case .failed, .locked, .unsupportedFormat: self.init(.unavailable, diagnosis: error.message)
        case .ioFailure: self.init(.ioFailure, diagnosis: error.message)
        }
    }

    /// A metadata record that does not decode.
    init(_ error: DecodeError, _ record: @autoclosure () -> String) {
        self.init(.corrupted, diagnosis: "\(record()): \(error.reason) at byte \(error.offset)")
    }
}

/// Calls to the layers below, with their errors turned into store errors.
enum StorageCall {
    /// Runs `body` with file errors turned into store errors.
    static func files<Value>(_ body: () throws(FileSystemError) -> Value) throws(StoreError) -> Value {
        do throws(FileSystemError) {
            return try body()
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs `body` with metadata errors turned into store errors.
    static func metadata<Value>(_ body: () throws(MetadataError) -> Value) throws(StoreError) -> Value {
        do throws(MetadataError) {
            return try body()
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs `body` with decode errors turned into store errors that name the record.
    static func decoding<Value>(
        _ record: @autoclosure () -> String,
        _ body: () throws(DecodeError) -> Value
    ) throws(StoreError) -> Value {
        do throws(DecodeError) {
            return try body()
        } catch {
            throw StoreError(error, record())
        }
    }
}
