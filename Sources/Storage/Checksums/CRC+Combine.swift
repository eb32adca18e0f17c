// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// What the three cyclic redundancy checks have in common.
package enum CRC {
    /// Whether ``combine(_:_:_:secondByteCount:)`` knows the algorithm, which is what a full-object value of a
    /// multipart upload needs (`spec/s3.md` §4).
    package static func canCombine(_ algorithm: ChecksumAlgorithm) -> Bool {
        polynomial(algorithm) != nil
    }

    /// The value of two runs of bytes one after the other, from the value of each; no byte is read again.
    ///
    /// A few microseconds, whatever the length.
    /// - Parameters:
    ///   - first: The value of the first run, big-endian as in ``ChecksumValue``.
    ///   - second: The value of the second run, likewise.
    ///   - secondByteCount: The length of the second run.
    package static func combine(
        _ algorithm: ChecksumAlgorithm,
        _ first: [UInt8],
        _ second: [UInt8],
        secondByteCount: UInt64
    ) -> [UInt8] {
        guard let polynomial = polynomial(algorithm) else { preconditionFailure("\(algorithm.name) is no CRC") }
        precondition(first.count == algorithm.byteCount && second.count == algorithm.byteCount)
        let width = UInt64(algorithm.byteCount * 8)
        let field = ReflectedField(polynomial: polynomial, width: width)
        let shift = field.power(ofByteShift: secondByteCount)
        let value = field.multiply(integer(first), shift) ^ integer(second)
        return (0..<algorithm.byteCount).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }

    private static func integer(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Without the leading term, bit-reversed.
    private static func polynomial(_ algorithm: ChecksumAlgorithm) -> UInt64? {
        switch algorithm {
        case .crc32: 0xEDB8_8320
        case .crc32c: 0x82F6_3B78
        case .crc64nvme: 0x9A6C_9329_AC4B_C9B5
        case .sha1, .sha256, .sha512, .md5, .xxhash64, .xxhash3, .xxhash128: nil
        }
    }
}

/// Polynomials over GF(2) modulo one of degree `width`, bit-reversed: the top bit of the width is the constant term.
private struct ReflectedField {
    let polynomial: UInt64
    let width: UInt64

    private var one: UInt64 { 1 << (width - 1) }

    func multiply(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var result: UInt64 = 0
        var power = right
        var mask = one
        while mask != 0 {
            if left & mask != 0 { result ^= power }
            // Times x.
            power = power & 1 == 0 ? power >> 1 : power >> 1 ^ polynomial
            mask >>= 1
        }
        return result
    }

    /// x^(8 × count): what `count` further bytes multiply a value by.
    func power(ofByteShift count: UInt64) -> UInt64 {
        var result = one
        var square = one >> 8
        var rest = count
        while rest != 0 {
            if rest & 1 != 0 { result = multiply(result, square) }
            square = multiply(square, square)
            rest >>= 1
        }
        return result
    }
}
