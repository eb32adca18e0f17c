// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "SystemCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>

ssize_t drydock_preadv2_nowait(int fd, void *buffer, size_t count, off_t offset) {
    struct iovec piece = {.iov_base = buffer, .iov_len = count};
    return preadv2(fd, &piece, 1, offset, RWF_NOWAIT);
}

int drydock_open_direct(int fd) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : open(path, (flags & O_ACCMODE) | O_DIRECT | O_CLOEXEC);
}

int drydock_punch_hole(int fd, off_t offset, off_t count) {
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count);
}

// Byte 0 carries the lock proper, one of the open file description: it survives the closing of other descriptors
// and also excludes a second opener in the same process. Such a lock has no pid, so byte 1 carries a classic
// record lock for the sole purpose of telling others who we are.
static struct flock record(short type, off_t byte) {
    struct flock result;
    memset(&result, 0, sizeof result);
    result.l_type = type;
    result.l_whence = SEEK_SET;
    result.l_start = byte;
    result.l_len = 1;
    return result;
}

int drydock_lock_exclusive(int fd) {
    struct flock lock = record(F_WRLCK, 0);
    if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        if (errno == EACCES) { errno = EAGAIN; }
        return -1;
    }
    struct flock name = record(F_WRLCK, 1);
    (void)fcntl(fd, F_SETLK, &name);
    return 0;
}

pid_t drydock_lock_holder(int fd) {
    struct flock name = record(F_WRLCK, 1);
    if (fcntl(fd, F_GETLK, &name) != 0) { return -1; }
    return name.l_type == F_UNLCK ? 0 : name.l_pid;
}

void drydock_thread_give_way(int nice_value) {
    static _Thread_local int has_given_way = 0;
    if (has_given_way) { return; }
    has_given_way = 1;
    // It works without, too.
    (void)setpriority(PRIO_PROCESS, 0, nice_value);
}

void drydock_memory_limit_arenas(int count) {
    (void)mallopt(M_ARENA_MAX, count);
}

void drydock_memory_give_back(size_t kept_byte_count) {
    if (mallinfo2().fordblks > kept_byte_count) { (void)malloc_trim(0); }
}
