// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

/// Why a read stopped.
enum ReadFailure: Error {
    /// Only a worker can go on; nothing was consumed.
    case wouldBlock
    case store(StoreError)

    /// The store error of a read that was allowed to block.
    var blocking: StoreError {
        switch self {
        case .wouldBlock: preconditionFailure("a blocking read waits")
        case .store(let error): error
        }
    }
}

/// Whether a read may wait for the device.
enum ReadAccess {
    case blocking
    case cachedOnly
    /// Neither for the device nor for a decompressor.
    case cachedPlain
}

/// Runs `body` with store errors turned into read failures.
func reading<Value>(_ body: () throws(StoreError) -> Value) throws(ReadFailure) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw .store(error)
    }
}
