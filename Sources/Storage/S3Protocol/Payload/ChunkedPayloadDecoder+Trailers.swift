// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes

extension ChunkedPayloadDecoder {
    /// Reads one line behind the last chunk. Line feeds alone are accepted: some SDKs end trailer lines so, and then
    /// an empty line may stand before the trailer signature.
    mutating func takeTrailerLine() throws(S3Error) {
        trailerByteCount += line.count
        guard trailerByteCount <= Self.trailerByteCountMax else { throw S3Error(.malformedTrailerError) }
        var text = line.dropLast()
        if text.last == 0x0D { text = text.dropLast() }
        guard !text.isEmpty else {
            if signer != nil, !hasTrailerSignature, !trailers.isEmpty { return }
            try endTrailers()
            return
        }
        guard !hasTrailerSignature, let colon = text.firstIndex(of: UInt8(ascii: ":")),
            let rawName = String(validating: text[..<colon], as: UTF8.self),
            let rawValue = String(validating: text[(colon + 1)...], as: UTF8.self)
        else { throw S3Error(.malformedTrailerError) }
        let name = String(rawName[...].trimmed).lowercased()
        let value = String(rawValue[...].trimmed)
        guard !value.isEmpty else { throw S3Error(.malformedTrailerError) }
        if name == "x-amz-trailer-signature", signer != nil {
            hasTrailerSignature = true
            try signer?.checkTrailers(trailers, signature: Array(value.utf8))
            return
        }
        guard announcedTrailers.contains(name), !trailers.contains(where: { $0.name == name }) else {
            throw S3Error(.malformedTrailerError)
        }
        trailers.append(PayloadTrailer(name: name, value: value))
    }

    private mutating func endTrailers() throws(S3Error) {
        guard trailers.count == announcedTrailers.count else { throw S3Error(.malformedTrailerError) }
        guard signer == nil || hasTrailerSignature else { throw incomplete() }
        // From here on it counts stray bytes behind the end.
        trailerByteCount = Self.trailerByteCountMax
        state = .finished
    }
}
