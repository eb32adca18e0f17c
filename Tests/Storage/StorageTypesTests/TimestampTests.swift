// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import StorageTypes
import Testing

@Suite struct `Timestamps` {
    @Test(
        arguments: [
            (0, 0), (1, 0), (999_999_999, 0), (1_000_000_000, 1), (1_700_000_000_123_456_789, 1_700_000_000),
            (-1, -1), (-999_999_999, -1), (-1_000_000_000, -1), (-1_000_000_001, -2),
        ] as [(Int64, Int64)]
    )
    func `round whole seconds towards the past`(nanoseconds: Int64, seconds: Int64) {
        #expect(Timestamp(nanoseconds: nanoseconds).seconds == seconds)
    }

    @Test func `count seconds in nanoseconds`() {
        #expect(Timestamp(seconds: 5).nanoseconds == 5_000_000_000)
        #expect(Timestamp(nanoseconds: 7).advanced(bySeconds: 2).nanoseconds == 2_000_000_007)
        #expect(Timestamp(nanoseconds: 7).advanced(bySeconds: -1).nanoseconds == -999_999_993)
    }

    @Test func `are ordered`() {
        #expect(Timestamp(nanoseconds: -1) < Timestamp(nanoseconds: 0))
        #expect(Timestamp(seconds: 1) < Timestamp(nanoseconds: 1_000_000_001))
    }
}
