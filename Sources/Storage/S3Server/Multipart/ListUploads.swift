// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import S3Protocol
import StorageTypes

extension S3Service {
    func listUploads(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let bucket = try call.bucket()
        let page = try ListPage(call, limitName: "max-uploads")
        let keyMarker = call.query.first("key-marker") ?? ""
        let uploadIDMarker = call.query.first("upload-id-marker") ?? ""
        let result: ListUploadsResult
        do throws(StoreError) {
            result = try await store.listUploads(
                ListUploadsRequest(
                    bucket: bucket.name,
                    prefix: page.prefix,
                    delimiter: page.delimiter,
                    keyMarker: Array(keyMarker.utf8),
                    uploadIDMarker: keyMarker.isEmpty || uploadIDMarker.isEmpty ? nil : uploadIDMarker,
                    limit: page.limit,
                )
            )
        } catch {
            throw call.refusal(error)
        }
        return .xml(
            S3XML.listUploads(
                result,
                echo: page.echo(bucket, owner: owner),
                keyMarker: Array(keyMarker.utf8),
                uploadIDMarker: uploadIDMarker,
            )
        )
    }

    func listParts(_ call: S3Call) async throws(S3Error) -> S3Answer {
        let upload = try uploadReference(call)
        let limit = try ListPage.limit(call, "max-parts")
        var marker = 0
        if let text = call.query.first("part-number-marker"), !text.isEmpty {
            guard let value = Int32(text), value >= 0 else {
                throw .invalidArgument(
                    "Argument part-number-marker must be an integer between 0 and 2147483647",
                    name: "part-number-marker",
                    value: text,
                )
            }
            marker = Int(value)
        }
        let result: ListPartsResult
        do throws(StoreError) {
            result = try await store.listParts(upload, after: marker, limit: limit)
        } catch {
            throw call.refusal(error)
        }
        return .xml(
            S3XML.listParts(
                result,
                bucket: upload.bucket.string,
                owner: owner,
                marker: marker,
                limit: limit,
                encodesURL: try ListPage.encodesKeys(call),
            )
        )
    }
}
