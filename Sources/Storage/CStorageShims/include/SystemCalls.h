// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_SYSTEMCALLS_H
#define DRYDOCK_SYSTEMCALLS_H

#include <sys/types.h>

// All functions set errno as the system call does.

// Reads from the page cache only: preadv2 with RWF_NOWAIT. Returns the bytes read, which may be fewer than asked
// for; -1 with EAGAIN when the first byte would need the device, EOPNOTSUPP where the file system can't tell.
// Swift's Glibc module lacks the call and the flag.
ssize_t drydock_preadv2_nowait(int fd, void *_Nonnull buffer, size_t count, off_t offset);

// Opens the file of `fd` once more, for the same accesses past the page cache (O_DIRECT, which Swift's Glibc module lacks): by
// descriptor, since its name may have changed. -1 where the file system has no such accesses.
int drydock_open_direct(int fd);

// Gives the blocks of whole pages in a range back to the file system; they read as zeros from then on and the size stays
// (fallocate, whose flags Swift's Glibc module lacks). EOPNOTSUPP where the file system can't.
int drydock_punch_hole(int fd, off_t offset, off_t count);

// Takes the exclusive lock of a file, for as long as this open file description lives. 0, or -1 with EAGAIN when
// another description has it, in this process or another. fcntl is variadic, which Swift can't call.
int drydock_lock_exclusive(int fd);

// The process that holds the lock of drydock_lock_exclusive: its pid, or 0 when nobody holds it, the holder is this
// very process, or it lives in another pid namespace; -1 on error.
pid_t drydock_lock_holder(int fd);

// Makes the calling thread give way to others of the process, the first time it is called there. Linux has nice values per
// thread.
void drydock_thread_give_way(int nice_value);

// More threads than this share arenas of the allocator.
void drydock_memory_limit_arenas(int count);

// Gives the free pages of all arenas of the allocator back to the system, if more than this is free in them.
void drydock_memory_give_back(size_t kept_byte_count);

#endif
