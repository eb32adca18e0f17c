// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import StorageTypes

/// The keys under which buckets, objects, uploads and parts stand in the metadata tables.
///
/// Integers in keys are big-endian, so that byte order is numeric order. The layouts are in `OnDiskFormat.md` of ObjectStore.
package enum ObjectKeys {
    /// The first byte of each key of table `system` that belongs to the object store; the chunk engine has others.
    package enum SystemPrefix {
        package static let bucket = UInt8(ascii: "B")
        package static let bucketDocument = UInt8(ascii: "C")
        package static let droppedBucket = UInt8(ascii: "D")
        package static let nextBucketID = UInt8(ascii: "I")
    }

    /// The first byte of each key of table `uploads`.
    package enum UploadsPrefix {
        package static let upload = UInt8(ascii: "U")
        package static let part = UInt8(ascii: "P")
    }

    // MARK: Table system

    package static func bucket(_ name: BucketName) -> [UInt8] {
        [SystemPrefix.bucket] + name.string.utf8
    }

    package static func bucketDocument(_ bucketID: UInt64, kind: UInt8) -> [UInt8] {
        var key = [SystemPrefix.bucketDocument]
        append(bucketID, to: &key)
        key.append(kind)
        return key
    }

    package static func droppedBucket(_ bucketID: UInt64) -> [UInt8] {
        var key = [SystemPrefix.droppedBucket]
        append(bucketID, to: &key)
        return key
    }

    /// The bucket id in a key that `droppedBucket` made; nil for another.
    package static func splitDroppedBucket(_ key: some Collection<UInt8>) -> UInt64? {
        guard key.first == SystemPrefix.droppedBucket, key.count == 1 + bucketIDByteCount else { return nil }
        return integer(key.dropFirst())
    }

    package static let nextBucketID = [SystemPrefix.nextBucketID]

    // MARK: Tables objects and versions

    /// Bytes before the raw key in tables `objects` and `versions`.
    package static let bucketIDByteCount = 8

    package static func object(_ bucketID: UInt64, _ key: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bucketIDByteCount + key.count)
        append(bucketID, to: &result)
        key.withBytes { result.append(contentsOf: $0) }
        return result
    }

    /// The bucket and key of an entry of table `objects`; nil for a key that is none.
    package static func splitObject(_ key: some RandomAccessCollection<UInt8>) -> (bucketID: UInt64, key: [UInt8])? {
        key.withBytes { key in
            guard key.count > bucketIDByteCount else { return nil }
            return (integer(key.prefix(bucketIDByteCount)), [UInt8](key.dropFirst(bucketIDByteCount)))
        }
    }

    /// All keys of one bucket in tables `objects` and `versions`.
    package static func objects(_ bucketID: UInt64) -> (lower: [UInt8], upper: [UInt8]?) {
        let lower = object(bucketID, [])
        return (lower, successor(ofPrefix: lower))
    }

    // MARK: Table uploads

    /// What the keys of all uploads begin with.
    package static let uploads = [UploadsPrefix.upload]

    package static func upload(_ bucketID: UInt64, _ key: some Collection<UInt8>, _ id: UploadID) -> [UInt8] {
        var result = uploadKeyPrefix(bucketID, key)
        result.append(contentsOf: [0x00, 0x01])
        result.append(contentsOf: id.bytes)
        return result
    }

    /// What the keys of all uploads to object keys beginning with `prefix` begin with.
    ///
    /// 0x00 becomes 0x00 0xFF and 0x00 0x01 ends the object key, so that no key is a prefix of another's and uploads
    /// sort by key, then by the time they began.
    package static func uploadKeyPrefix(_ bucketID: UInt64, _ prefix: some Collection<UInt8>) -> [UInt8] {
        var result = [UploadsPrefix.upload]
        result.reserveCapacity(prefix.count + 32)
        append(bucketID, to: &result)
        for byte in prefix {
            result.append(byte)
            if byte == 0 { result.append(0xff) }
        }
        return result
    }

    /// What `upload` put together; nil for bytes that it can't have made.
    package static func splitUpload(
        _ key: some RandomAccessCollection<UInt8>
    ) -> (bucketID: UInt64, key: [UInt8], id: UploadID)? {
        let bytes = [UInt8](key)
        let idStart = bytes.count - UploadID.byteCount
        guard bytes.first == UploadsPrefix.upload, idStart >= 1 + bucketIDByteCount + 2 else { return nil }
        guard bytes[idStart - 2] == 0x00, bytes[idStart - 1] == 0x01 else { return nil }
        var objectKey: [UInt8] = []
        var index = 1 + bucketIDByteCount
        while index < idStart - 2 {
            objectKey.append(bytes[index])
            if bytes[index] == 0 {
                guard index + 1 < idStart - 2, bytes[index + 1] == 0xff else { return nil }
                index += 1
            }
            index += 1
        }
        return (integer(bytes[1..<1 + bucketIDByteCount]), objectKey, UploadID(bytes: bytes[idStart...]))
    }

    package static func part(_ id: UploadID, _ number: Int) -> [UInt8] {
        precondition((0...Int(UInt16.max)).contains(number), "a part number is 16 bits wide")
        var key = [UploadsPrefix.part]
        key.reserveCapacity(1 + UploadID.byteCount + 2)
        key.append(contentsOf: id.bytes)
        key.append(UInt8(number >> 8))
        key.append(UInt8(number & 0xff))
        return key
    }

    package static func splitPart(_ key: some RandomAccessCollection<UInt8>) -> (id: UploadID, number: Int)? {
        let bytes = [UInt8](key)
        guard bytes.first == UploadsPrefix.part, bytes.count == 1 + UploadID.byteCount + 2 else { return nil }
        let number = Int(bytes[bytes.count - 2]) << 8 | Int(bytes[bytes.count - 1])
        return (UploadID(bytes: bytes[1..<1 + UploadID.byteCount]), number)
    }

    /// The keys of all parts of an upload with a number above `number`.
    package static func parts(_ id: UploadID, after number: Int = 0) -> (lower: [UInt8], upper: [UInt8]?) {
        let prefix = [UploadsPrefix.part] + id.bytes
        return (number < Int(UInt16.max) ? part(id, number + 1) : part(id, number) + [0], successor(ofPrefix: prefix))
    }

    // MARK: Order

    /// The lowest byte string above everything that begins with `prefix`; nil when there is none.
    package static func successor(ofPrefix prefix: [UInt8]) -> [UInt8]? {
        var result = prefix
        while let last = result.last {
            if last < 0xff {
                result[result.count - 1] = last + 1
                return result
            }
            result.removeLast()
        }
        return nil
    }

    private static func append(_ value: UInt64, to key: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { key.append(contentsOf: $0) }
    }

    private static func integer(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
