// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "c_api_types.h"

#include <rocksdb/db.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/sst_file_manager.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

namespace {

// Gives turns to who writes files, in the order they ask. RocksDB's own limiter can't be slowed down while somebody writes: it
// asserts that no request is larger than the new rate allows at once.
class FilePace : public rocksdb::RateLimiter {
public:
    void SetBytesPerSecond(int64_t rate) override { rate_ = rate; }
    int64_t GetBytesPerSecond() const override { return rate_; }

    using rocksdb::RateLimiter::Request;
    void Request(const int64_t byte_count, const rocksdb::Env::IOPriority priority, rocksdb::Statistics *) override {
        const int64_t rate = rate_;
        // IO_USER: a client's write waits until this one is done.
        if (rate == 0 || priority == rocksdb::Env::IO_USER) { return; }
        std::this_thread::sleep_until(take_turn(byte_count, rate));
    }

    int64_t GetSingleBurstBytes() const override { return 256 << 10; }

    // RocksDB asks for neither.
    int64_t GetTotalBytesThrough(const rocksdb::Env::IOPriority) const override { return 0; }
    int64_t GetTotalRequests(const rocksdb::Env::IOPriority) const override { return 0; }

private:
    using Clock = std::chrono::steady_clock;

    Clock::time_point take_turn(int64_t byte_count, int64_t rate) {
        const std::lock_guard<std::mutex> guard(mutex_);
        const Clock::time_point turn = std::max(next_, Clock::now());
        next_ = turn + std::chrono::nanoseconds(byte_count * 1'000'000'000 / rate);
        return turn;
    }

    std::atomic<int64_t> rate_{0};
    std::mutex mutex_;
    Clock::time_point next_;
};

}  // namespace

void drydock_rocksdb_pace_files(rocksdb_options_t *options) {
    rocksdb::Options &own = options->rep;
    own.rate_limiter = std::make_shared<FilePace>();
    own.bytes_per_sync = own.rate_limiter->GetSingleBurstBytes();
    // As RocksDB would make one itself, but for the steps, and all files take them, however much waits to be deleted.
    own.sst_file_manager.reset(rocksdb::NewSstFileManager(
        own.env, own.info_log, /*trash_dir=*/"", /*rate_bytes_per_sec=*/0, /*delete_existing_trash=*/true, /*status=*/nullptr,
        /*max_trash_db_ratio=*/1e9, /*bytes_max_delete_chunk=*/2 << 20
    ));
}

void drydock_rocksdb_set_file_pace(rocksdb_t *database, int64_t bytes_per_second) {
    const rocksdb::DBOptions options = database->rep->GetDBOptions();
    options.rate_limiter->SetBytesPerSecond(bytes_per_second);
    options.sst_file_manager->SetDeleteRateBytesPerSecond(bytes_per_second);
}
