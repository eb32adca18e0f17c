// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

extension Collection<UInt8> {
    /// The elements as they lie in memory, or a copy of them.
    ///
    /// Text codecs take any collection, and a `package` generic is not specialised for callers in other targets: they cross
    /// over once here instead of once per byte, which cost fifty times as much.
    @inlinable
    package func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        withContiguousStorageIfAvailable(body) ?? [UInt8](self).withUnsafeBufferPointer(body)
    }
}
