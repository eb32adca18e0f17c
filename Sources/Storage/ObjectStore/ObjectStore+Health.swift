// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

package import ChunkEngine
package import StorageTypes

extension ObjectStore {
    /// What writes are refused with since a sync or a commit failed; nil while all is well. Costs a short lock.
    package var writeRefusal: StoreError? { engine.writeRefusal }

    /// Damage that the start met: a damaged log of the metadata, missing and short packs.
    package var damageAtStart: [RecoveryFinding] { engine.recoveryFindings.filter(\.isDamage) }

    /// See `ChunkEngine.keepsUnknown`.
    package var keepsUnknown: Bool { engine.keepsUnknown }
}
