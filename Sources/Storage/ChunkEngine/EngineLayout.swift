// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat

/// Where the engine's files are.
///
///     DATA/
///       packs/
///         00000001.pack    chunks, append-only
struct EngineLayout: Sendable {
    let dataDirectory: String

    var packs: String { dataDirectory + "/packs" }

    func pack(_ id: UInt32) -> String {
        packs + "/" + PackFormat.fileName(id)
    }
}
