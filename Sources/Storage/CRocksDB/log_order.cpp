// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "c_api_types.h"

#include <rocksdb/options.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

#include <cstring>

namespace {

// A database is opened by one thread, which replays the logs, oldest first and without those that nothing needs.
struct Replay {
    // Of the change that comes next; 0 before the first.
    uint64_t next_sequence = 0;
    uint64_t last_log = 0;
    uint64_t newest_table_log = 0;
    uint64_t gap_log = 0;
};

thread_local Replay replay;

// Changes are numbered on from batch to batch and from log to log, so those that are missing leave a gap.
class LogOrder : public rocksdb::WalFilter {
public:
    void ColumnFamilyLogNumberMap(
        const std::map<uint32_t, uint64_t> &log_numbers, const std::map<std::string, uint32_t> &
    ) override {
        for (const auto &family : log_numbers) {
            if (family.second > replay.newest_table_log) { replay.newest_table_log = family.second; }
        }
    }

    WalProcessingOption LogRecordFound(
        unsigned long long log, const std::string &, const rocksdb::WriteBatch &batch, rocksdb::WriteBatch *, bool *
    ) override {
        if (batch.Count() == 0) { return WalProcessingOption::kContinueProcessing; }
        uint64_t sequence;
        memcpy(&sequence, batch.Data().data(), sizeof sequence);
        if (replay.next_sequence != 0 && sequence != replay.next_sequence) {
            replay.gap_log = log;
            return WalProcessingOption::kCorruptedRecord;
        }
        replay.next_sequence = sequence + batch.Count();
        replay.last_log = log;
        return WalProcessingOption::kContinueProcessing;
    }

    const char *Name() const override { return "drydock.LogOrder"; }
};

LogOrder log_order;

}  // namespace

void drydock_rocksdb_check_log_order(rocksdb_options_t *options) {
    replay = Replay();
    options->rep.wal_filter = &log_order;
}

uint64_t drydock_rocksdb_log_gap(bool *tables_are_ahead) {
    // A family that needs only later logs has made tables of what is missing.
    *tables_are_ahead = replay.gap_log != 0 && replay.newest_table_log > replay.last_log;
    return replay.gap_log;
}
