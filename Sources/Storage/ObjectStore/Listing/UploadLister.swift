// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat
import MetadataStore
import StorageTypes

/// One page of a bucket's uploads, by key and then by initiation. Blocks: for a worker thread.
struct UploadLister {
    let bucketID: UInt64
    let request: ListUploadsRequest

    func run(_ metadata: any MetadataStore) throws(StoreError) -> ListUploadsResult {
        var result = ListUploadsResult()
        let grouping = KeyGrouping(prefix: request.prefix, delimiter: request.delimiter)
        var lower: [UInt8]? = lowerBound(grouping)
        let upper = ObjectKeys.successor(ofPrefix: ObjectKeys.uploadKeyPrefix(bucketID, request.prefix))
        guard request.limit > 0 else { return result }
        var next: (keyMarker: [UInt8], uploadIDMarker: String?)?
        // One round per group: groups are few and uploads fewer, so a cursor each is cheap.
        while let start = lower, upper.map(start.lexicographicallyPrecedes) ?? true {
            lower = nil
            try TableScan(metadata).forEach(.uploads, from: start, until: upper) { key, value throws(StoreError) in
                guard let (_, objectKey, id) = ObjectKeys.splitUpload(key) else {
                    throw StoreError(.corrupted, diagnosis: "\(Hex.encode(key)) is no key of an upload")
                }
                guard result.uploads.count + result.commonPrefixes.count < request.limit else {
                    result.next = next
                    return false
                }
                if let end = objectKey.withUnsafeBytes({ grouping.groupEnd($0) }) {
                    let group = [UInt8](objectKey[..<end])
                    result.commonPrefixes.append(group)
                    next = (group, nil)
                    lower = ObjectKeys.successor(ofPrefix: ObjectKeys.uploadKeyPrefix(bucketID, group))
                    return false
                }
                let record = try UploadRecord.decode(value, key)
                result.uploads.append(record.info(key: ObjectKey(stored: objectKey), id: id))
                next = (objectKey, id.string)
                return true
            }
        }
        return result
    }

    private func lowerBound(_ grouping: KeyGrouping) -> [UInt8]? {
        let first = ObjectKeys.uploadKeyPrefix(bucketID, request.prefix)
        let marker = request.keyMarker
        guard !marker.isEmpty else { return first }
        let bound: [UInt8]?
        if marker.starts(with: request.prefix), grouping.isGroup(marker) {
            bound = ObjectKeys.successor(ofPrefix: ObjectKeys.uploadKeyPrefix(bucketID, marker))
        } else if let text = request.uploadIDMarker, let id = UploadID(text) {
            bound = ObjectKeys.upload(bucketID, marker, id) + [0]
        } else {
            // Behind every upload of that key: the end mark of the key is 0x00 0x01.
            bound = ObjectKeys.uploadKeyPrefix(bucketID, marker) + [0x00, 0x02]
        }
        guard let bound else { return nil }
        return first.lexicographicallyPrecedes(bound) ? bound : first
    }
}
