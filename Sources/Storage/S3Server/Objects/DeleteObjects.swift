// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import S3Protocol
import StorageTypes

extension S3Service {
    /// DeleteObjects: one commit for all keys, one outcome per key (`spec/s3.md` §7.5).
    func deleteObjects(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        let document = try await readDocument(call, byteCountMax: S3XML.deleteByteCountMax, digest: .required)
        let list = try S3XML.parseDelete(document)
        var outcomes = list.entries.map { S3XML.DeleteOutcome(key: $0.key, versionID: $0.versionID) }
        var requests: [DeleteRequest] = []
        var places: [Int] = []
        for (index, entry) in list.entries.enumerated() {
            switch check(entry, in: bucket, call) {
            case .delete(let request):
                requests.append(request)
                places.append(index)
            case .done: break
            case .refused(let error): outcomes[index].error = error
            }
        }
        if !requests.isEmpty {
            let results: [StoreError?]
            do throws(StoreError) {
                results = try await store.deleteObjects(bucket: bucket.name, requests)
            } catch {
                throw call.refusal(error)
            }
            for (place, result) in zip(places, results) {
                outcomes[place].error = result.map(call.refusal)
            }
        }
        return .xml(S3XML.deleteResult(outcomes, isQuiet: list.isQuiet))
    }

    private enum EntryCheck {
        case delete(DeleteRequest)
        case done
        case refused(S3Error)
    }

    private func check(_ entry: DeleteDocument.Entry, in bucket: BucketInfo, _ call: S3Call) -> EntryCheck {
        do throws(S3Error) {
            let key: ObjectKey
            do throws(StoreError) { key = try ObjectKey(bytes: entry.key) } catch { throw call.refusal(error) }
            let action = entry.versionID == nil ? "s3:DeleteObject" : "s3:DeleteObjectVersion"
            guard allows(call.question, action: action, in: bucket, key: key) else { throw S3Error(.accessDenied) }
            if let version = entry.versionID, try !VersionID.isNull(version) { return .done }
            return .delete(DeleteRequest(key: key, condition: entry.condition))
        } catch {
            return .refused(error)
        }
    }
}
