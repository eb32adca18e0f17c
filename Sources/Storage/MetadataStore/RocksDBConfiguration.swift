// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What RocksDB may use of the machine. The defaults suit a small appliance: about 90 MiB at most, nothing when idle.
///
/// The log and the write buffers also decide how much room a full drive has to keep for it, since buffers become files
/// before their log goes: while serving half of the floor below which contents are refused, and `openingByteCount` at a start.
package struct RocksDBConfiguration: Sendable {
    /// Blocks, filters, indices and small objects' bytes that were read lately; one cache for all tables.
    package var blockCacheByteCount = 48 << 20
    /// Changes held in memory before they become files, all tables together.
    package var writeBufferByteCountTotal = 32 << 20
    /// The same for one table.
    package var writeBufferByteCountPerTable = 8 << 20
    /// The same for the table with the bytes of small objects.
    package var writeBufferByteCountOfValues = 16 << 20
    /// Log bytes that the start after a crash may have to replay; replaying costs about 10 ms per MiB.
    package var logByteCountMax = 24 << 20
    /// The list of files is begun anew at this size, and at each start.
    package var manifestByteCountMax = 8 << 20
    /// Files RocksDB keeps open.
    package var openFileCountMax = 256
    /// Flushes and compactions at once.
    package var backgroundJobCount = 2
    package var isCompressed = true

    package init() {}

    /// What opening may take before it gives anything back: all that the log holds becomes files, a new list of files is
    /// written, and the log may be longer than its limit by the buffers that filled while earlier ones became files.
    package var openingByteCount: Int {
        logByteCountMax + 2 * writeBufferByteCountOfValues + manifestByteCountMax
    }
}
