// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CLoadShims.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

ptrdiff_t load_head_length(const char *bytes, size_t count) {
    const char *end = memmem(bytes, count, "\r\n\r\n", 4);
    return end ? end - bytes + 4 : -1;
}

int64_t load_content_length(const char *head, size_t count) {
    static const char name[] = "\r\ncontent-length:";
    const size_t length = sizeof name - 1;
    for (const char *at = head; (at = memchr(at, '\r', head + count - at)) != NULL; at++) {
        if ((size_t)(head + count - at) <= length) return -1;
        if (strncasecmp(at, name, length) == 0) return strtoll(at + length, NULL, 10);
    }
    return -1;
}
