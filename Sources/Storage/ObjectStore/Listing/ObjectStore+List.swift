// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
package import StorageTypes

extension ObjectStore {
    /// Reads the state of this moment, so a write that has returned is in the page.
    package func listObjects(_ request: ListRequest) async throws(StoreError) -> ListResult {
        let bucketID = try buckets.find(request.bucket).id
        var bounded = request
        bounded.limit = min(request.limit, configuration.listCountMax)
        let lister = ObjectLister(bucketID: bucketID, request: bounded)
        return try await onWorker { metadata throws(StoreError) in try lister.run(metadata) }
    }
}
