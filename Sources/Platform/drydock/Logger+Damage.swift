// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import ChunkEngine
import Logging
import ObjectStore

/// What a server logs of damage, whoever asked it to look.
extension Logger {
    func damage(_ finding: ScrubFinding) {
        error("damage found", metadata: ["what": "\(finding)"])
    }

    func damage(concerns problems: [ObjectProblem]) {
        for problem in problems { error("damage concerns", metadata: ["what": "\(problem)"]) }
    }
}
