// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

@testable import MetadataStore
import Testing

@Suite struct RocksDBStatusTests {
    /// Texts that RocksDB 7.8 was seen to give, or builds from parts in its sources.
    @Test(
        arguments: [
            ("Corruption: block checksum mismatch: stored = 1, computed = 2 in /d/000010.sst", .corrupted),
            ("Corruption: IO error: No space left on device", .corrupted),
            (
                "IO error: No space left on device: While appending to file: /d/000004.log: No space left on device",
                .noSpace
            ),
            ("IO error: While appending to file: /d/000004.log: File too large", .noSpace),
            ("IO error: While fdatasync: /d/000004.log: Disk quota exceeded", .noSpace),
            ("IO error: While fdatasync: /d/000004.log: Input/output error", .ioFailure),
            ("IO error: No such file or directory: While mkdir if missing: /d: No such file or directory", .ioFailure),
            ("IO error: While lock file: /d/LOCK: Resource temporarily unavailable", .locked),
            (
                "IO error: lock hold by current process, acquire time 1 acquiring thread 2: /d/LOCK: No locks available",
                .locked
            ),
            ("Invalid argument: Column families not opened: future", .unsupportedFormat),
            ("Not implemented: unknown", .unsupportedFormat),
            ("Busy: something else", .ioFailure),
        ] as [(String, MetadataError.Code)]
    )
    func `a status text means one code`(status: String, code: MetadataError.Code) {
        let error = MetadataError(rocksDBStatus: status)
        #expect(error.code == code)
        #expect(error.message == status)
    }
}
