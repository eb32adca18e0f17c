// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DRYDOCK_COPENSSL_SHIM_H
#define DRYDOCK_COPENSSL_SHIM_H

// The low-level hash functions: deprecated in favour of EVP, which allocates each state, hides it from whoever
// wants to store a half-finished hash, and does the same arithmetic. NIOSSL's BoringSSL prefixes its symbols, so
// both libraries live in one program.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>

#endif
