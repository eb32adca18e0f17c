// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Checksums
import StorageTypes

/// Checks the chain of chunk signatures: each one covers the one before it, the first covers the request's own.
struct ChunkSigner {
    private let context: ChunkSigningContext
    private var previous: [UInt8]
    private var announced: [UInt8] = []
    private var hasher = SHA256()

    /// SHA-256 of nothing, as hexadecimal digits.
    private static let emptyHash = Array("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".utf8)

    init(_ context: ChunkSigningContext) {
        self.context = context
        previous = context.seedSignature.digits
    }

    /// A chunk begins that claims `signature`.
    mutating func begin(_ signature: [UInt8]) {
        announced = signature
        hasher = SHA256()
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hasher.update(bytes)
    }

    /// - Throws: `signatureDoesNotMatch`.
    mutating func endChunk() throws(S3Error) {
        var text = prologue("AWS4-HMAC-SHA256-PAYLOAD\n")
        text.append(contentsOf: Self.emptyHash)
        text.append(0x0A)
        hasher.finalize().appendHex(to: &text)
        previous = try check(text, announced)
    }

    /// The trailer's signature covers its lines, each `name:value` and a line feed.
    ///
    /// - Throws: `incompleteBody` when it is not 64 digits, `signatureDoesNotMatch`.
    mutating func checkTrailers(_ trailers: [PayloadTrailer], signature: [UInt8]) throws(S3Error) {
        guard signature.count == 64, Hex.decode(signature) != nil else { throw S3Error(.incompleteBody) }
        var hasher = SHA256()
        for trailer in trailers { hasher.update(Array("\(trailer.name):\(trailer.value)\n".utf8)) }
        var text = prologue("AWS4-HMAC-SHA256-TRAILER\n")
        hasher.finalize().appendHex(to: &text)
        previous = try check(text, signature)
    }

    private func prologue(_ algorithm: String) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(320)
        text.append(contentsOf: algorithm.utf8)
        text.append(contentsOf: context.date.utf8)
        text.append(0x0A)
        text.append(contentsOf: context.scope.utf8)
        text.append(0x0A)
        text.append(contentsOf: previous)
        text.append(0x0A)
        return text
    }

    /// - Returns: the right signature as 64 lower-case digits.
    private func check(_ text: [UInt8], _ announced: [UInt8]) throws(S3Error) -> [UInt8] {
        let calculated = context.key.authenticate(text)
        guard let bytes = Hex.decode(announced), bytes.count == 32,
            calculated.equalsInConstantTime(SHA256Digest(bytes: bytes))
        else {
            throw S3Error(
                .signatureDoesNotMatch,
                extras: [
                    S3Error.Extra("AWSAccessKeyId", context.accessKey),
                    S3Error.Extra("StringToSign", String(decoding: text, as: UTF8.self)),
                    S3Error.Extra("SignatureProvided", String(decoding: announced, as: UTF8.self)),
                ],
            )
        }
        return calculated.digits
    }
}

extension SHA256Digest {
    /// 64 lower-case digits.
    fileprivate var digits: [UInt8] {
        var digits: [UInt8] = []
        appendHex(to: &digits)
        return digits
    }
}
