// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import CStorageShims

/// What the allocator holds: it has an arena for each of many threads, and keeps for them what lies free there.
package enum ProcessMemory {
    /// Lets more threads share an arena: eight are as fast as the sixteen that two processors get by default, and hold 70 MiB
    /// less after large uploads. To be called before there are threads.
    package static func limitArenas() {
        drydock_memory_limit_arenas(8)
    }

    /// Gives the system back what lies free, if it is much.
    ///
    /// To take it again costs page faults, so 32 MiB may stay. Blocks for milliseconds, or microseconds when there is little.
    package static func giveBack() {
        drydock_memory_give_back(32 << 20)
    }
}
