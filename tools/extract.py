#!/usr/bin/env python3
# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""Extracts every object from the data directory of a stopped Drydock, without Drydock.

Written from the format pages (`OnDiskFormat.md` of ChunkFormat and of ObjectStore) and nothing else, so it tests them.
It opens everything read-only (RocksDB still removes `metadata/*.trash`), checks every checksum on its way (but the xxHash
kinds that clients may have sent), reports damage and goes on. Needs Python 3.11 and the libraries of RocksDB, zstd, xxHash.

OUTPUT/objects.jsonl has a line of JSON for each object, by bucket id and key. `file` there says where the bytes are: in
`objects/BUCKET/` by the key itself, or in `awkward/` by the SHA-256 of BUCKET/KEY where a file system wouldn't take the
key or has a file where it needs a directory. A damaged one has `damage` instead. Names are decoded by `surrogateescape`.

Exit status: 0 all is well; 1 something is damaged or missing; 2 wrong use, nothing of this format, or no room.
"""

import argparse
import base64
import collections
import contextlib
import ctypes
import ctypes.util
import fcntl
import functools
import hashlib
import json
import os
import struct
import sys
from ctypes import byref, c_char_p, c_size_t, c_void_p

EMPTY, INLINE, RECIPE, ASSEMBLY, STRETCH = range(5)
FULL_OBJECT, COMPOSITE = 1, 2
text = functools.partial(bytes.decode, errors="surrogateescape")


class Damage(Exception):
    """What is on disk isn't what the format pages, a checksum or another record promise."""


def require(condition, problem):
    if not condition:
        raise Damage(problem)


class Handle(c_void_p):
    """A pointer that ctypes doesn't turn into a number, which it would cut to 32 bits when it is passed on."""


library = functools.cache(lambda name: ctypes.CDLL(ctypes.util.find_library(name) or f"lib{name}.so"))


def foreign(name, function, result, *arguments):
    """Calls a C function; bytes become two arguments, pointer and length."""
    function, passed = getattr(library(name), function), []
    function.restype = result
    for argument in arguments:
        passed += [argument, c_size_t(len(argument))] if isinstance(argument, bytes) else [argument]
    return function(*passed)


xxh3 = functools.partial(foreign, "xxhash", "XXH3_64bits", ctypes.c_uint64)


def decompress(payload, size):
    plain = ctypes.create_string_buffer(size)
    # An error is a number above any length.
    produced = foreign("zstd", "ZSTD_decompress", c_size_t, plain, c_size_t(size), payload)
    require(produced == size, "zstd can't decompress a payload to its length")
    return plain.raw


class Tables:
    """The metadata: a RocksDB opened read-only, which after a crash replays the log in memory."""

    RESULTS = {"list_column_families": ctypes.POINTER(c_char_p), "iter_valid": ctypes.c_bool}  # else a pointer or none

    def __init__(self, path, report):
        path, options, count = c_char_p(os.fsencode(path)), self.call("options_create"), c_size_t()
        names = self.checked("list_column_families", options, path, byref(count))[:count.value]
        handles = (c_void_p * len(names))()
        families = (c_char_p * len(names))(*names), (c_void_p * len(names))(*[options.value] * len(names)), handles
        opening = "open_for_read_only_column_families", options, path, len(names), *families, False
        # A crash cuts the last record off. Any other bad record is damage: only what stands before it can be had.
        self.call("options_set_wal_recovery_mode", options, 0)
        try:
            database = self.checked(*opening)
        except Damage as error:
            self.call("options_set_wal_recovery_mode", options, 2)
            database = self.checked(*opening)
            report("the log of the metadata", f"{error}; no loss if that record was the last when the power failed")
        reading = self.call("readoptions_create")
        self.tables = {text(name): (database, reading, Handle(handle)) for name, handle in zip(names, handles)}
        self.tables["system"] = self.tables["default"]

    def call(self, name, *arguments):
        return foreign("rocksdb", "rocksdb_" + name, self.RESULTS.get(name, Handle), *arguments)

    def checked(self, name, *arguments):
        failure = c_char_p()
        result = self.call(name, *arguments, byref(failure))
        require(failure.value is None, f"RocksDB: {text(failure.value or b'')}")
        return result

    def get(self, table, key, what):
        size = c_size_t()
        found = self.checked("get_cf", *self.tables[table], key, byref(size))
        require(found, f"{what} is missing")
        record = Record(ctypes.string_at(found, size.value), what)
        self.call("free", found)
        return record

    def scan(self, table, prefix):
        """Keys that begin with `prefix`, with their values, in order."""
        iterator, size = self.call("create_iterator_cf", *self.tables[table]), c_size_t()
        self.call("iter_seek", iterator, prefix)
        while self.call("iter_valid", iterator):
            key = ctypes.string_at(self.call("iter_key", iterator, byref(size)), size.value)
            if not key.startswith(prefix):
                break
            yield key, ctypes.string_at(self.call("iter_value", iterator, byref(size)), size.value)
            self.call("iter_next", iterator)
        self.checked("iter_get_error", iterator)
        self.call("iter_destroy", iterator)


def crc(polynomial, width):
    """A class for the reflected CRC that begins and ends with all ones; its objects are used like those of hashlib.

    It is the message, a polynomial over GF(2), modulo P. Byte by byte that is slow. But x^23408 modulo P has few terms:
    some shifts of a large integer fold the head of the message into the rest, until 23408 bits are left.
    """
    by_x = lambda value, _: value >> 1 ^ (polynomial if value & 1 else 0)
    times_x = lambda value, count: functools.reduce(by_x, range(count), value)
    ones, step = (1 << 8 * width) - 1, 23408 // 8 - 8
    table = [times_x(byte, 8) for byte in range(256)]
    remainder = times_x(1 << 8 * width - 1, 23408)  # reflected: the highest bit is x^0
    shifts = [bit + 65 - 8 * width for bit in range(8 * width) if remainder >> bit & 1]

    class CRC:
        def __init__(self):
            self.start, self.folded, self.pending = ones, 0, b""  # ones: as many bits of the message inverted

        def update(self, data):
            data = self.pending + data
            end = len(data) - len(data) % step
            for offset in range(0, end, step):
                head = self.folded & (1 << 8 * step) - 1
                block = int.from_bytes(data[offset:offset + step], "little") ^ self.start
                self.start, self.folded = 0, self.folded >> 8 * step | block << 64
                for shift in shifts:
                    self.folded ^= head << shift
            self.pending = data[end:]

        def digest(self):
            state = self.start
            for byte in (self.folded.to_bytes(step + 8, "little") if self.folded else b"") + self.pending:
                state = table[(state ^ byte) & 255] ^ state >> 8
            return (state ^ ones).to_bytes(width, "big")

    return CRC


CHECKSUMS = {
    "CRC32": crc(0xEDB88320, 4), "CRC32C": crc(0x82F63B78, 4), "CRC64NVME": crc(0x9A6C9329AC4BC9B5, 8),
    "SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512, "MD5": hashlib.md5,
}
# By number on disk, with the size of the value.
ALGORITHMS = list(zip([None, *CHECKSUMS, "XXHASH64", "XXHASH3", "XXHASH128"], [0, 4, 4, 8, 20, 32, 64, 16, 8, 8, 16]))
Checksum = collections.namedtuple("Checksum", "algorithm value kind dash", defaults=[FULL_OBJECT, 0])


class Digests:
    """Checksums of the same bytes; those not known here are left out."""

    def __init__(self, algorithms, data=b""):
        self.running = {algorithm: CHECKSUMS[algorithm]() for algorithm in algorithms if algorithm in CHECKSUMS}
        self.update(data)

    def update(self, data):
        for checksum in self.running.values():
            checksum.update(data)

    def verify(self, expected, what):
        for it in expected:
            good = it.algorithm not in self.running or self.running[it.algorithm].digest() == it.value
            require(good, f"{it.algorithm} of {what} differs")


def verify_header(header, start, what):
    """The headers of packs and frames have 64 bytes, the last four of them the CRC32C of the others."""
    require(len(header) == 64 and header.startswith(start), f"{what} isn't there")
    Digests(["CRC32C"], header[:60]).verify([Checksum("CRC32C", header[:59:-1])], f"the header of {what}")


class Record:
    """Takes a structure apart from its start; `what` names it in reports."""

    def __init__(self, data, what, has_version=True):
        self.data, self.what, self.position = data, what, 0
        self.expect(not has_version or self.take("B") == 1, "a format version")

    def expect(self, condition, what):
        require(condition, f"{self.what} has {what} that is not known here")

    def bytes(self, count):
        start, self.position = self.position, self.position + count
        require(self.position <= len(self.data), f"{self.what} is too short")
        return self.data[start:self.position]

    def take(self, layout):
        values = struct.unpack("<" + layout, self.bytes(struct.calcsize("<" + layout)))
        return values if len(values) > 1 else values[0]

    def counted(self):
        count, shift, byte = 0, 0, 128
        while byte & 128:
            byte = self.take("B")
            count, shift = count | (byte & 127) << shift, shift + 7
        return self.bytes(count)

    def checksum(self):
        number = self.take("B")
        self.expect(number < len(ALGORITHMS), "a checksum algorithm")
        algorithm, size = ALGORITHMS[number]
        kind, dash = self.take("BI") if algorithm else (0, 0)
        return algorithm and Checksum(algorithm, self.bytes(size), kind, dash)


# A run of bytes that is no assembly, and what is recorded about it.
Part = collections.namedtuple("Part", "kind content size number tag checksums", defaults=[1, None, ()])


class Version:
    """A version record: what an object is, and where its content is."""

    def __init__(self, value):
        record = Record(value, "the version record")
        flags, self.kind, _, *reserved = record.take("BBH3B")
        record.expect(flags <= 3 and self.kind <= ASSEMBLY and not any(reserved), "a flag, kind or reserved field")
        self.is_delete_marker = bool(flags & 1)
        self.size, modified, self.content, self.tag, self.dash, _ = record.take("QqQ16sII")
        texts, pairs, self.checksums = {1: "STANDARD", 2: None}, {3: {}, 4: {}, 5: {}}, []
        while record.position < len(value):
            tag = record.take("B")
            field = Record(record.counted(), f"field {tag} of the version record", has_version=False)
            if tag in texts:
                texts[tag] = text(field.data)
            elif tag in pairs:
                name = text(field.counted())
                pairs[tag][name] = text(field.data[field.position:])
            elif tag == 6:
                self.checksums += filter(None, [field.checksum()])
        dashed = lambda value, count: f"{value}-{count}" if count else value
        self.description = dict(  # in the words and notations of S3
            size=self.size, etag=dashed(self.tag.hex(), self.dash), last_modified_ns=modified, content_type=texts[2],
            storage_class=texts[1], headers=pairs[3], metadata=pairs[4], tags=pairs[5],
            checksums={it.algorithm: dashed(base64.b64encode(it.value).decode(), it.dash) for it in self.checksums},
        )


class Contents:
    """The bytes that content references stand for, piece by piece."""

    def __init__(self, tables, packs):
        self.tables, self.packs = tables, packs

    def parts(self, version):
        """The parts of an assembly. Another content is its own part, or all parts if there are more: empty ones."""
        if version.kind != ASSEMBLY:
            yield from [Part(version.kind, version.content, version.size)] * max(version.dash, 1)
            return
        self.joined, self.ahead = None, b""
        for record in self.entries(version):
            number, kind, content, size, tag = record.take("IBQQ16s")
            record.expect(kind <= STRETCH and kind != ASSEMBLY, "a part of a kind")
            self.joined = self.joined or kind == STRETCH and self.recipe(Part(RECIPE, content, version.size))
            yield Part(kind, content, size, number, tag, tuple(filter(None, [record.checksum()])))

    def stretch(self, part):
        """What follows in the recipe of all parts, from where the part before has ended."""
        size = part.size
        while piece := size and (self.ahead or next(self.joined, b"")):
            yield piece[:size]
            size, self.ahead = max(size - len(piece), 0), piece[size:]

    def inline(self, part):
        record = self.tables.get("inline", struct.pack(">Q", part.content), f"inline record {part.content:#018x}")
        encoding, reserved, count, checksum = record.take("BHIQ")
        record.expect(encoding == reserved == 0, "an encoding or reserved field")
        data = record.bytes(count)
        require(xxh3(data) == checksum, f"XXH3 of {record.what} differs")
        yield data

    def entries(self, reference):
        """The segment's record before each of its entries, which the caller takes."""
        key, content = struct.pack(">Q", reference.content), f"content {reference.content:#018x}"
        head = self.tables.get("contents", key + b"\0", f"the head of {content}")
        kind, reserved, _, size, segments, entries = head.take("BHQQIQ")
        head.expect(reserved == 0, "a reserved field")
        require((kind, size) == (reference.kind, reference.size), f"{head.what} doesn't say what its reference says")
        for index in range(segments):
            record = self.tables.get("contents", key + struct.pack(">BI", 1, index), f"segment {index} of {content}")
            kind, count, reserved, _start = record.take("BHIQ")
            record.expect(kind == reference.kind and count <= 1024 and reserved == 0, "a kind, count or reserved field")
            for _ in range(count):
                yield record
            entries -= count
        require(entries == 0, f"{content} has another number of entries than its head says")

    def recipe(self, part):
        for record in self.entries(part):
            digest, plain, _, pack, offset = record.take("32sIIII")
            data = self.chunk(digest, pack, offset)
            self.identity.update(digest)
            require(len(data) == plain, "a chunk has another length than its recipe says")
            yield data

    def chunk(self, digest, pack, offset):
        """From the place in the recipe or, if it isn't whole there, from that in table chunks."""
        with contextlib.suppress(Damage):
            return self.frame(digest, pack, offset)[0]
        record = self.tables.get("chunks", digest, f"the record of chunk {digest.hex()}")
        _, flags, pack, offset, _, _, checksum, _ = record.take("BHIQIIQQ")
        record.expect(flags == 0, "a flag")
        data, found = self.frame(digest, pack, offset)
        require(found == checksum, f"pack {pack:08x} offset {offset}: XXH3 differs from the chunk record")
        return data

    def frame(self, digest, pack, offset):
        """The chunk and the XXH3 of its payload, if it is at this place and whole."""
        encoding, plain, checksum, distance, payload = self.payload(pack, offset)
        size, stream, position = plain, b"", offset - distance
        while position < offset:  # The frames before it in its group have what comes before it in the stream.
            _, before, _, _, piece = self.payload(pack, position)
            size, stream, position = size + before, stream + piece, position + 64 + len(piece)
        # The stream of a group never ends: it lacks a last block, be it empty.
        data = decompress(stream + payload + b"\1\0\0" * (encoding == 2), size)[-plain:] if encoding else payload
        require(hashlib.sha256(data).digest() == digest, f"SHA256 of the frame at {offset} of pack {pack:08x} differs")
        return data, checksum

    def payload(self, pack, offset):
        what = f"the frame at {offset} of pack {pack:08x}"
        header = self.read(pack, offset, 64)
        verify_header(header, b"FRAM", what)
        record = Record(header[4:60], what)
        encoding, flags, plain, packed, checksum, _, distance = record.take("BHIIQ32sI")
        record.expect(encoding <= 2 and flags == 0 and (distance == 0 or encoding == 2), "an encoding, flag or reserved field")
        require(1 <= plain <= 1 << 20 and packed <= plain, f"{what} has an impossible length")
        payload = self.read(pack, offset + 64, packed)
        require(xxh3(payload) == checksum, f"XXH3 of {what} differs")
        return encoding, plain, checksum, distance, payload

    def read(self, pack, offset, count):
        try:
            with open(os.path.join(self.packs, f"{pack:08x}.pack"), "rb", buffering=0) as file:
                return os.pread(file.fileno(), count, offset)
        except OSError as error:
            raise Damage(f"pack {pack:08x}: {error.strerror}") from None

    def check_packs(self, report):  # A frame has all it needs, so what is wrong here costs no object.
        for key, _ in self.tables.scan("system", b"P"):
            pack = int.from_bytes(key[1:])
            try:
                verify_header(self.read(pack, 0, 64), struct.pack("<8sHHI", b"DRYDPACK", 1, 64, pack), "the pack")
            except Damage as error:
                report(f"pack {pack:08x}", error)

    def copy(self, version, file):
        """Writes an object and checks it in every way there is; its SHA-256 in hexadecimal."""
        full, composite = [[it for it in version.checksums if it.kind == kind] for kind in (FULL_OBJECT, COMPOSITE)]
        whole = Digests(["SHA256", *(it.algorithm for it in full)])
        by_part = {it.algorithm: b"" for it in composite if it.algorithm in CHECKSUMS}
        sizes, tags, sources = [], b"", [lambda _: (), self.inline, self.recipe, None, self.stretch]  # by kind
        for part in self.parts(version):
            digests, start = Digests(["MD5", *by_part, *(it.algorithm for it in part.checksums)]), file.tell()
            self.identity = hashlib.sha256()
            for piece in sources[part.kind](part):
                file.write(piece)
                whole.update(piece)
                digests.update(piece)
            sizes.append(file.tell() - start)
            require(sizes[-1] == part.size, f"part {part.number} has {sizes[-1]} bytes instead of {part.size}")
            digests.verify(part.checksums, f"part {part.number}")
            md5, identity = digests.running["MD5"].digest(), self.identity.digest()[:16]  # if the writer chose so
            require(part.tag in (None, md5, identity) or part.kind == STRETCH, f"the tag of part {part.number} differs")
            tags += part.tag or md5
            by_part = {algorithm: value + digests.running[algorithm].digest() for algorithm, value in by_part.items()}
        require(sum(sizes) == version.size and len(sizes) == max(version.dash, 1), "size or number of parts differ")
        whole.verify(full, "the object")
        tags = [hashlib.md5(tags).digest(), *[identity] * (version.kind != ASSEMBLY)] if version.dash else [md5]
        require(version.tag in tags, "the entity tag differs")
        for it in composite:
            Digests([it.algorithm], by_part.get(it.algorithm, b"")).verify([it], "the parts' digests")
        return whole.running["SHA256"].hexdigest()


def settle(partial, output, bucket, key):
    """Moves an extracted file to where its key belongs; the path below `output`. No two objects have the same."""
    path = f"{bucket}/{key}"
    paths = ["awkward/" + hashlib.sha256(os.fsencode(path)).hexdigest()]
    if all(it not in ("", ".", "..") and len(os.fsencode(it)) <= 255 and it.isprintable() for it in path.split("/")):
        paths.insert(0, "objects/" + path)
    for path in paths:
        target = os.path.join(output, path)
        with contextlib.suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.rename(partial, target)
            return path


class Extraction:
    def __init__(self, data, output, bucket, prefix):
        self.output, self.prefix, self.is_damaged = output, os.fsencode(prefix), False
        with contextlib.suppress(FileNotFoundError):
            # Held until the end, so that no server starts meanwhile.
            self.lock = open(os.path.join(data, "LOCK"), "rb")
            fcntl.lockf(self.lock, fcntl.LOCK_SH | fcntl.LOCK_NB, 1)
        with open(os.path.join(data, "FORMAT")) as file:
            require(file.read() == "drydock data format 1\n", f"FORMAT in {data} names another format")
        self.tables = Tables(os.path.join(data, "metadata"), self.report)
        found = dict(self.tables.scan("system", b"F")).get(b"F", b"")
        require(found.startswith(b"DRYDSTOR\1\0\0\0"), f"the metadata in {data} has another format")
        self.contents = Contents(self.tables, os.path.join(data, "packs"))
        self.names, self.start = {}, b""
        for key, value in self.tables.scan("system", b"B"):
            try:
                id = Record(value, "its record").bytes(8)[::-1]  # big-endian, as in keys
                self.names[id] = text(key[1:])
                self.start = id + self.prefix if self.names[id] == bucket else self.start
            except Damage as error:
                self.report(text(key[1:]), error)
        require(bucket is None or self.start, f"there is no bucket {bucket}")

    def report(self, place, problem):
        self.is_damaged = True
        print(f"damaged: {place}: {problem}", file=sys.stderr)

    def run(self, manifest):
        """Writes the objects, if there is an OUTPUT, and their lines in the manifest."""
        try:
            for place, value in self.tables.scan("objects", self.start):
                id, key = place[:8], place[8:]
                if id not in self.names:
                    self.names[id] = f"(bucket {int.from_bytes(id)})"
                    self.report(self.names[id], "its record is missing")
                if key.startswith(self.prefix):
                    self.extract(self.names[id], text(key), value, manifest)
        except Damage as error:
            self.report("the metadata, whose rest is missing", error)
        if self.output is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self.output, "partial"))

    def extract(self, bucket, key, value, manifest):
        line = {"bucket": bucket, "key": key}
        try:
            version = Version(value)
            if version.is_delete_marker:
                return
            line |= version.description
            if self.output is not None:
                partial = os.path.join(self.output, "partial")
                with open(partial, "wb") as file:
                    digest = self.contents.copy(version, file)
                line |= {"sha256": digest, "file": settle(partial, self.output, bucket, key)}
        except Damage as error:
            line["damage"] = str(error)
            self.report(json.dumps(f"{bucket}/{key}"), error)
        manifest.write(json.dumps(line) + "\n")


def main():
    parser = argparse.ArgumentParser(description="Extracts the objects from the data directory of a stopped Drydock.")
    parser.add_argument("data", metavar="DATA", help="the data directory; nothing in it is changed")
    parser.add_argument("output", metavar="OUTPUT", nargs="?", help="a new or empty directory")
    parser.add_argument("--bucket", metavar="NAME", help="this bucket only")
    parser.add_argument("--prefix", metavar="P", default="", help="only keys that begin with this")
    parser.add_argument("--list", action="store_true", help="print the manifest and extract nothing")
    arguments = parser.parse_args()
    output = None if arguments.list else arguments.output or parser.error("OUTPUT is missing")
    # What lies in the store is for its owner alone, and so is this.
    os.umask(0o077)
    try:
        extraction = Extraction(arguments.data, output, arguments.bucket, arguments.prefix)
        if output is not None:
            os.makedirs(output, exist_ok=True)
            require(not os.listdir(output), f"{output} isn't empty")
            extraction.contents.check_packs(extraction.report)
        with open(os.path.join(output, "objects.jsonl"), "w") if output else contextlib.nullcontext(sys.stdout) as file:
            extraction.run(file)
    except (Damage, OSError) as error:
        problem = f"a process uses {arguments.data}" if isinstance(error, BlockingIOError) else error
        print(f"extract.py: {problem}", file=sys.stderr)
        return 2
    return 1 if extraction.is_damaged else 0


if __name__ == "__main__":
    sys.exit(main())
