// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_CROCKSDB_H
#define DRYDOCK_CROCKSDB_H

#include <rocksdb/c.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// A logger that drops each line, for rocksdb_options_set_info_log; the C API of RocksDB 7.8 can make none. Without it
// RocksDB writes a file, and Debian's build of the library, which has assertions, ends the process when it writes to
// that file again after an error, such as a full drive.
rocksdb_logger_t *drydock_rocksdb_silent_logger_create(void);

// Databases opened with the logger keep it for as long as they need it.
void drydock_rocksdb_silent_logger_destroy(rocksdb_logger_t *logger);

// Lets flushes and compactions write 256 KiB at a time, and files that are no longer needed go 2 MiB at a time, at a rate that may change
// at any moment and is none at first. What is on its way out has the suffix ".trash"; the next start removes the rest of it. The last of the
// calls for options: it takes over the environment and the logger.
void drydock_rocksdb_pace_files(rocksdb_options_t *options);

// What files are written and deleted at from now on, 0 for no limit, unless clients' writes wait for them. The database has been opened
// with the above.
void drydock_rocksdb_set_file_pace(rocksdb_t *database, int64_t bytes_per_second);

// Ends compactions before they take the last 32 MiB of the drive, as RocksDB ends them on a full one: their files go, and they are
// tried again when there is room. What they would have left is needed by the log and the write buffers, whose failure is for good.
void drydock_rocksdb_leave_room(rocksdb_options_t *options);

// Reads every block of every table file of a column family from the device, whatever the caches hold, and compares its
// checksum. Blocks; ends before the next file (32 MiB) once `stop`, which is read atomically, is true.
// `error` as in the C API, which lacks the call: null, or a text to be freed with rocksdb_free.
void drydock_rocksdb_verify_checksums(
    rocksdb_t *database, rocksdb_column_family_handle_t *table, const bool *stop, char **error
);

// The name of the database's list of files, to be freed with rocksdb_free, and how much of it is written. `error` as above.
char *drydock_rocksdb_file_list(rocksdb_t *database, uint64_t *byte_count, char **error);

// Adds up what the table files of a column family say of themselves: entries, deletions included, and those. `error` as above.
void drydock_rocksdb_key_counts(
    rocksdb_t *database, rocksdb_column_family_handle_t *table, uint64_t *entries, uint64_t *deletions, char **error
);

// How many deleted keys the cursors of this thread have walked over since it was first asked. The C API allocates to tell.
uint64_t drydock_rocksdb_skipped_deletions(void);

// Flushes and rewrites a whole column family without what was deleted, and beside the automatic compactions. Values in the
// oldest blob files, as many of the files as `moved_share` says (0 to 1), are copied to new ones, so that the old ones go;
// with 0 only those go that nothing refers to. Blocks; ends soon, with what was done so far, once `stop`, which is read
// atomically, is true. `error` as above; the C API's own call drops it.
void drydock_rocksdb_compact(
    rocksdb_t *database, rocksdb_column_family_handle_t *table, double moved_share, bool *stop, char **error
);

// Has RocksDB call it corruption, when this thread opens a database with the options next, if a log does not go on where the one before it
// has ended.
void drydock_rocksdb_check_log_order(rocksdb_options_t *options);

// What was found then: the number of the log that does not go on, 0 when all do, and whether there are tables of changes that
// are missing from the logs.
uint64_t drydock_rocksdb_log_gap(bool *tables_are_ahead);

#ifdef __cplusplus
}
#endif

#endif
