// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// One part of a multipart object as the assembly keeps it.
package struct AssemblyPart: Sendable, Hashable {
    /// As the client numbered it, 1...10,000.
    package let number: UInt32
    /// No assembly.
    package let content: ContentReference
    /// 16 bytes.
    package let md5: [UInt8]
    package let checksum: ChecksumValue?

    package init(number: UInt32, content: ContentReference, md5: [UInt8], checksum: ChecksumValue?) {
        precondition(md5.count == 16, "an MD5 holds 16 bytes")
        self.number = number
        self.content = content
        self.md5 = md5
        self.checksum = checksum
    }

    package init(from reader: inout RecordReader) throws(DecodeError) {
        number = try reader.fixed(UInt32.self)
        let contentOffset = reader.offset
        content = try ContentReference(from: &reader)
        guard content.kind != .assembly else { throw DecodeError(.invalidValue, at: contentOffset) }
        md5 = [UInt8](try reader.raw(16))
        checksum = try ChecksumValue(from: &reader)
    }

    package func encode(into writer: inout RecordWriter) {
        writer.fixed(number)
        content.encode(into: &writer)
        writer.raw(md5)
        ChecksumValue.encode(checksum, into: &writer)
    }
}

/// Up to 1,024 parts of an assembly.
package struct AssemblySegment: Sendable, Hashable {
    package static let partCountMax = 1_024
    static let version: UInt8 = 1

    /// Offset of the first part's first byte in the content.
    package let start: UInt64
    /// 1...1,024.
    package let parts: [AssemblyPart]

    package init(start: UInt64, parts: [AssemblyPart]) {
        precondition((1...Self.partCountMax).contains(parts.count), "a segment holds 1 to 1,024 parts")
        self.start = start
        self.parts = parts
    }

    package init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = RecordReader(bytes)
        try reader.version(Self.version)
        guard try reader.fixed(UInt8.self) == ContentReference.Kind.assembly.rawValue else {
            throw DecodeError(.invalidValue, at: 1)
        }
        let count = Int(try reader.fixed(UInt16.self))
        guard (1...Self.partCountMax).contains(count) else { throw DecodeError(.invalidValue, at: 2) }
        guard try reader.fixed(UInt32.self) == 0 else { throw DecodeError(.invalidValue, at: 4) }
        start = try reader.fixed(UInt64.self)
        var parts: [AssemblyPart] = []
        parts.reserveCapacity(count)
        var end = start
        for _ in 0..<count {
            let part = try AssemblyPart(from: &reader)
            let (sum, overflow) = end.addingReportingOverflow(part.content.size)
            guard !overflow else { throw DecodeError(.invalidValue, at: reader.offset) }
            end = sum
            parts.append(part)
        }
        self.parts = parts
        try reader.end()
    }

    package var encoded: [UInt8] {
        var writer = RecordWriter(capacity: 16 + parts.count * 64)
        writer.fixed(Self.version)
        writer.fixed(ContentReference.Kind.assembly.rawValue)
        writer.fixed(UInt16(parts.count))
        writer.fixed(UInt32(0))
        writer.fixed(start)
        for part in parts { part.encode(into: &writer) }
        return writer.bytes
    }
}

extension ChecksumValue {
    /// Writes an optional value: algorithm (0 for none), type, part count, bytes.
    package static func encode(_ value: ChecksumValue?, into writer: inout RecordWriter) {
        guard let value else { return writer.fixed(UInt8(0)) }
        writer.fixed(value.algorithm.rawValue)
        writer.fixed(value.type.rawValue)
        writer.fixed(value.partCount)
        writer.raw(value.bytes)
    }

    /// Reads what `encode` wrote.
    package init?(from reader: inout RecordReader) throws(DecodeError) {
        let start = reader.offset
        let raw = try reader.fixed(UInt8.self)
        guard raw != 0 else { return nil }
        guard let algorithm = ChecksumAlgorithm(rawValue: raw),
            let type = ChecksumType(rawValue: try reader.fixed(UInt8.self))
        else { throw DecodeError(.invalidValue, at: start) }
        let partCount = try reader.fixed(UInt32.self)
        let bytes = [UInt8](try reader.raw(algorithm.byteCount))
        self.init(algorithm: algorithm, type: type, bytes: bytes, partCount: partCount)
    }
}
