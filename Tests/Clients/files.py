# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""Deterministic content."""

import hashlib
import os
import random


def content(seed, size):
    """Incompressible bytes."""
    generator = random.Random(seed)
    # `randbytes` takes at most 256 MiB at once.
    block = 64 << 20
    return b"".join(generator.randbytes(min(block, size - offset)) for offset in range(0, size, block))


def write_tree(base, seed=1):
    """A small tree with the names and sizes that break clients: empty, nested, spaces, unicode, just over a limit."""
    entries = {
        "empty": 0,
        "one byte": 1,
        "a/b/c/deep.bin": 70_000,
        "a/b+c/plus&amp;.txt": 100,
        "ünïcode/日本語.dat": 5_000,
        "inline-limit": 16 * 1024,
        "over-inline": 16 * 1024 + 1,
        "one-chunk": 1 << 20,
        "chunked": (3 << 20) + 12_345,
    }
    for name, size in entries.items():
        path = os.path.join(base, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content(f"{seed}{name}", size))
    return entries


def tree_digest(base):
    """One digest of names and content."""
    digest = hashlib.sha256()
    for directory, folders, names in sorted(os.walk(base)):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                digest.update(os.path.relpath(path, base).encode() + b"\0" + hashlib.sha256(file.read()).digest())
    return digest.hexdigest()
