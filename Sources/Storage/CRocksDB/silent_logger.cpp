// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#include "c_api_types.h"

#include <rocksdb/env.h>

#include <memory>

namespace {

class SilentLogger : public rocksdb::Logger {
public:
    SilentLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
    // The base class writes the level and calls the shorter form; neither has anything to do here.
    void Logv(const char *, va_list) override {}
    void Logv(const rocksdb::InfoLogLevel, const char *, va_list) override {}
    void LogHeader(const char *, va_list) override {}
};

}  // namespace

rocksdb_logger_t *drydock_rocksdb_silent_logger_create(void) {
    return new rocksdb_logger_t{std::make_shared<SilentLogger>()};
}

void drydock_rocksdb_silent_logger_destroy(rocksdb_logger_t *logger) {
    delete logger;
}
