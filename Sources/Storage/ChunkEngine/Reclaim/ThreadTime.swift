// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The CPU time of this thread: what work costs, however busy the machine is. Only how long a pause is may depend on it.
enum ThreadTime {
    static func measure<Value, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> (value: Value, time: Duration) {
        let start = now
        let value = try body()
        return (value, now - start)
    }

    static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
