// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
package import StorageTypes

extension ObjectStore {
    /// What writes are refused with since a sync or a commit failed; nil while all is well. Costs a short lock.
    package var writeRefusal: StoreError? { engine.writeRefusal }
}
