// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import ChunkFormat
import MetadataStore
import StorageTypes

/// One page of a bucket's objects, read from a cursor in key order. Blocks: for a worker thread.
///
/// A group is left by one seek or a few steps, however many keys it holds; a key costs its own bytes and its entity tag.
struct ObjectLister {
    let bucketID: UInt64
    let request: ListRequest

    private enum Step {
        case emitted
        case group([UInt8])
        case hidden
        case full
        case failed(DecodeError)
    }

    func run(_ metadata: any MetadataStore) throws(StoreError) -> ListResult {
        var result = ListResult()
        let grouping = KeyGrouping(prefix: request.prefix, delimiter: request.delimiter)
        let lower = lowerBound(grouping)
        let upper = ObjectKeys.successor(ofPrefix: ObjectKeys.object(bucketID, request.prefix))
        guard request.limit > 0, upper.map(lower.lexicographicallyPrecedes) ?? true else { return result }
        result.objects.reserveCapacity(min(request.limit, 1_000))
        let damage: DecodeError?
        do {
            let cursor = try metadata.cursor(.objects, from: lower, until: upper)
            damage = try fill(&result, cursor, grouping)
        } catch {
            throw StoreError(error)
        }
        if let damage { throw StoreError(damage, "an object of bucket \(request.bucket)") }
        return result
    }

    /// Says what is wrong with the first record that can't be read.
    private func fill(
        _ result: inout ListResult,
        _ cursor: any MetadataCursor,
        _ grouping: KeyGrouping
    ) throws(MetadataError) -> DecodeError? {
        var lastIsGroup = false
        var skipper = GroupSkipper()
        var isOnKey = try cursor.next()
        while isOnKey {
            switch cursor.withCurrent({ take($0, $1, grouping, &result) }) {
            case .hidden: isOnKey = try cursor.next()
            case .emitted:
                lastIsGroup = false
                isOnKey = try cursor.next()
            case .group(let group):
                lastIsGroup = true
                result.commonPrefixes.append(group)
                isOnKey = try skipper.leave(ObjectKeys.object(bucketID, group), cursor)
            case .full:
                result.next = lastIsGroup ? result.commonPrefixes.last : result.objects.last?.key.bytes
                return nil
            case .failed(let error): return error
            }
        }
        return nil
    }

    /// The first key that may be shown: behind the marker, or behind the marker's whole group when it names one.
    private func lowerBound(_ grouping: KeyGrouping) -> [UInt8] {
        guard request.prefix.lexicographicallyPrecedes(request.after) || request.prefix == request.after,
            !request.after.isEmpty
        else { return ObjectKeys.object(bucketID, request.prefix) }
        let marker = ObjectKeys.object(bucketID, request.after)
        let isGroup = request.after.starts(with: request.prefix) && grouping.isGroup(request.after)
        guard isGroup, let next = ObjectKeys.successor(ofPrefix: marker) else { return marker + [0] }
        return next
    }

    @inline(__always)
    private func take(
        _ storedKey: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        _ grouping: KeyGrouping,
        _ result: inout ListResult
    ) -> Step {
        let key = UnsafeRawBufferPointer(rebasing: storedKey[ObjectKeys.bucketIDByteCount...])
        do {
            let version = try VersionListing(decoding: value)
            if version.header.isDeleteMarker { return .hidden }
            if result.objects.count + result.commonPrefixes.count >= request.limit { return .full }
            if let end = grouping.groupEnd(key) { return .group([UInt8](key[..<end])) }
            result.objects.append(
                ListedObject(
                    key: ObjectKey(stored: [UInt8](key)),
                    size: version.header.content.size,
                    etag: version.header.etag,
                    lastModified: version.header.lastModified,
                    storageClass: version.storageClass,
                    checksumAlgorithm: version.header.checksumAlgorithm,
                    checksumType: version.header.checksumType,
                )
            )
            return .emitted
        } catch {
            return .failed(error)
        }
    }
}
