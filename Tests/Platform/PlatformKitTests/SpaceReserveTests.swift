// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PlatformKit
import Testing

@Suite struct SpaceReserveTests {
    private static let byteCount: UInt64 = 1 << 20

    @Test func `the reserve takes room as long as it is there`() throws {
        let directory = try ScratchDirectory()
        let reserve = SpaceReserve(dataDirectory: directory.path, byteCount: Self.byteCount)
        #expect(!reserve.exists && !reserve.remove())
        #expect(reserve.make(leaving: 0) && reserve.exists)
        #expect(!reserve.make(leaving: 0), "once is enough")
        var information = stat()
        #expect(stat(directory.path + "/reserve", &information) == 0)
        #expect(information.st_size == Self.byteCount && information.st_blocks * 512 >= Self.byteCount)
        #expect(!reserve.remove(ifFreeBelow: 0) && reserve.exists)
        #expect(reserve.remove(ifFreeBelow: .max) && !reserve.exists)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }

    @Test func `a drive without the room gets none`() throws {
        let directory = try ScratchDirectory()
        #expect(!SpaceReserve(dataDirectory: directory.path, byteCount: Self.byteCount).make(leaving: .max))
        #expect(!SpaceReserve(dataDirectory: directory.path, byteCount: 1 << 60).make(leaving: 0))
        #expect(!SpaceReserve(dataDirectory: directory.path + "/missing", byteCount: 1).make(leaving: 0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
}
