// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Descriptors of this process.
package enum OpenFiles {
    /// Raises the soft limit, 1,024 as a rule for the sake of `select`, to what the process may have. Best effort.
    package static func raiseLimit() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }
}
