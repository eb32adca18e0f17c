// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import FileStore
import MetadataStore
import ObjectStore
import StorageTestSupport
import StorageTypes

/// A store that was started on a simulated machine, without anything between the two and everything in place.
struct SimulatedStore {
    let machine: SimulatedMachine
    let metadata: SimulatedMetadataStore
    let store: ObjectStore

    init(_ machine: SimulatedMachine, _ configuration: ObjectStoreConfiguration) throws {
        self.machine = machine
        metadata = try machine.openMetadata()
        store = try ObjectStore.open(
            configuration,
            fileSystem: machine.disk,
            metadata: metadata,
            workers: .inline,
            clock: ManualClock(),
            random: SeededRandom(seed: 1)
        )
    }

    func close() async {
        await store.shutdown()
        metadata.close()
    }
}
