// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Tells something of one task to others.
final class Flag: Sendable {
    let isSet = Atomic(false)
}
