// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "c_api_types.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <memory>

namespace {

constexpr uint64_t byte_count_left = 32 << 20;

thread_local bool is_compacting = false;

// Flushes and the log have other threads.
class CompactionListener : public rocksdb::EventListener {
public:
    void OnCompactionBegin(rocksdb::DB *, const rocksdb::CompactionJobInfo &) override { is_compacting = true; }
    void OnCompactionCompleted(rocksdb::DB *, const rocksdb::CompactionJobInfo &) override { is_compacting = false; }
};

class CompactedFile : public rocksdb::FSWritableFileOwnerWrapper {
public:
    CompactedFile(std::unique_ptr<rocksdb::FSWritableFile> file, rocksdb::FileSystem *files, std::string path)
        : FSWritableFileOwnerWrapper(std::move(file)), files_(files), path_(std::move(path)) {}

    rocksdb::IOStatus Append(
        const rocksdb::Slice &bytes, const rocksdb::IOOptions &options, rocksdb::IODebugContext *context
    ) override {
        const rocksdb::IOStatus status = check_room(bytes.size());
        return status.ok() ? FSWritableFileOwnerWrapper::Append(bytes, options, context) : status;
    }
    rocksdb::IOStatus Append(
        const rocksdb::Slice &bytes, const rocksdb::IOOptions &options, const rocksdb::DataVerificationInfo &verification,
        rocksdb::IODebugContext *context
    ) override {
        const rocksdb::IOStatus status = check_room(bytes.size());
        return status.ok() ? FSWritableFileOwnerWrapper::Append(bytes, options, verification, context) : status;
    }

private:
    rocksdb::IOStatus check_room(size_t byte_count) {
        uint64_t free = 0;
        const rocksdb::IOStatus status = files_->GetFreeSpace(path_, rocksdb::IOOptions(), &free, nullptr);
        // Who can't tell how much is free finds out by writing.
        if (!status.ok() || free >= byte_count_left + byte_count) { return rocksdb::IOStatus::OK(); }
        return rocksdb::IOStatus::NoSpace("what is left is kept for the log and the write buffers");
    }

    rocksdb::FileSystem *files_;
    std::string path_;
};

class RoomKeepingFileSystem : public rocksdb::FileSystemWrapper {
public:
    RoomKeepingFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

    rocksdb::IOStatus NewWritableFile(
        const std::string &path, const rocksdb::FileOptions &options, std::unique_ptr<rocksdb::FSWritableFile> *file,
        rocksdb::IODebugContext *context
    ) override {
        const rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(path, options, file, context);
        if (status.ok() && is_compacting) { *file = std::make_unique<CompactedFile>(std::move(*file), target(), path); }
        return status;
    }

    const char *Name() const override { return "drydock.RoomKeepingFileSystem"; }
};

}  // namespace

void drydock_rocksdb_leave_room(rocksdb_options_t *options) {
    // Databases need it for as long as they are open, so it stays.
    static rocksdb::Env *const env = rocksdb::NewCompositeEnv(std::make_shared<RoomKeepingFileSystem>()).release();
    options->rep.env = env;
    options->rep.listeners.push_back(std::make_shared<CompactionListener>());
}
