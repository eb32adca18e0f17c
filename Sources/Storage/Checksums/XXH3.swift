// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CXXHash

/// The fast hash that notices damage to stored bytes: 38 GB/s per core, no protection against an adversary.
package enum XXH3 {
    /// XXH3 in 64 bits with seed 0.
    package static func hash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        drydock_xxh3_64(bytes.baseAddress, bytes.count)
    }

    package static func hash64(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { hash64($0) }
    }
}

/// A running XXH64 with seed 0, for `x-amz-checksum-xxhash64`. 88 bytes inline, no allocation.
package struct XXHash64: Sendable {
    private var state: XXH64_state_t

    package init() {
        state = XXH64_state_t()
        XXH64_reset(&state, 0)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        XXH64_update(&state, base, bytes.count)
    }

    /// The value of everything so far; the hasher can go on.
    package func finalize() -> UInt64 {
        withUnsafePointer(to: state) { XXH64_digest($0) }
    }
}

/// A running XXH3 with seed 0 in 64 or 128 bits, for `x-amz-checksum-xxhash3` and `-xxhash128`.
///
/// The state is 576 bytes and wants 64-byte alignment, so it lives on the heap and is copied before a shared one
/// changes.
package struct XXHash3: Sendable {
    package enum Width: Sendable {
        case bits64, bits128
    }

    private let width: Width
    private var storage: Storage

    package init(_ width: Width) {
        self.width = width
        self.storage = Storage(width)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage(copying: storage) }
        switch width {
        case .bits64: drydock_xxh3_64_update(storage.state, bytes.baseAddress, bytes.count)
        case .bits128: drydock_xxh3_128_update(storage.state, bytes.baseAddress, bytes.count)
        }
    }

    /// The 8 or 16 big-endian bytes of the value of everything so far; the hasher can go on.
    package func finalize() -> [UInt8] {
        switch width {
        case .bits64:
            return bigEndianBytes(XXH3_64bits_digest(storage.state))
        case .bits128:
            let value = XXH3_128bits_digest(storage.state)
            return bigEndianBytes(value.high64) + bigEndianBytes(value.low64)
        }
    }

    // Written to only through the one `XXHash3` that holds the only reference; shared copies are read only.
    private final class Storage: @unchecked Sendable {
        let state: OpaquePointer

        init(_ width: Width) {
            state = Self.allocate()
            switch width {
            case .bits64: XXH3_64bits_reset(state)
            case .bits128: XXH3_128bits_reset(state)
            }
        }

        init(copying other: Storage) {
            state = Self.allocate()
            XXH3_copyState(state, other.state)
        }

        deinit {
            XXH3_freeState(state)
        }

        private static func allocate() -> OpaquePointer {
            guard let state = XXH3_createState() else { preconditionFailure("out of memory for an XXH3 state") }
            return state
        }
    }
}

func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
}
