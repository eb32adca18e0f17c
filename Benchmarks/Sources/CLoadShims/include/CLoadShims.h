// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

/// What Glibc's module map leaves out: epoll, and the GNU searches in memory.
#ifndef CLOADSHIMS_H
#define CLOADSHIMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

/// Bytes up to and including the empty line that ends a head; -1 if it is not there yet.
ptrdiff_t load_head_length(const char *_Nonnull bytes, size_t count);

/// The Content-Length in a whole head; -1 without one.
int64_t load_content_length(const char *_Nonnull head, size_t count);

#endif
