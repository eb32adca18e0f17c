// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat

/// Where the engine's files are.
///
///     DATA/
///       packs/
///         00000001.pack    chunks, append-only
///       kept/              made when records are found to be lost, with the logs of the metadata if one is damaged
struct EngineLayout: Sendable {
    let dataDirectory: String

    var packs: String { dataDirectory + "/packs" }

    /// What a loss of records may concern is left alone while this is there.
    var kept: String { dataDirectory + "/kept" }

    func pack(_ id: UInt32) -> String {
        packs + "/" + PackFormat.fileName(id)
    }
}
