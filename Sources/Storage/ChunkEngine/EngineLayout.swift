// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkFormat

/// Where the engine's files are.
///
///     DATA/
///       packs/
///         00000001.pack    chunks, append-only
///       kept/              logs of the metadata as they were when one was found damaged
struct EngineLayout: Sendable {
    let dataDirectory: String

    var packs: String { dataDirectory + "/packs" }

    /// What a loss of records may concern is left alone while this is there.
    var kept: String { dataDirectory + "/kept" }

    func pack(_ id: UInt32) -> String {
        packs + "/" + PackFormat.fileName(id)
    }
}
