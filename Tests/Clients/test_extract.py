# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""tools/extract.py knows the format pages alone: what it gets out of a killed server is what they promise."""

import base64
import contextlib
import copy
import hashlib
import json
import os
import subprocess
import sys
import urllib.request

from conftest import client
from drydock import TOP, Drydock
from files import content, tree_digest

BUCKET = "extracted"
REGISTRY_BUCKET = "drydock-registry"
INLINE_MAX = 16 * 1024
MEBIBYTE = 1 << 20
# What is no path, is another path, or needs a directory where another key has a file.
AWKWARD_KEYS = [
    "a", "a/b", "a/b/", "../escape", "/rooted", "..", ".", "x/../../y", "x//y", "trailing/", " ", "per%cent", "a\\b",
    "ünïcode/日本語", "new\nline", "n" * 300, "d/" * 500 + "deep", "objects.jsonl", "emoji \U0001f6a2", "-rf",
]


class Stored:
    """A bucket, and what each key in it must hold."""

    def __init__(self, server, bucket=BUCKET):
        self.s3 = client(server)
        self.bucket = bucket
        self.expected = {}
        self.s3.create_bucket(Bucket=bucket)

    def put(self, key, data, **options):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data, **options)
        self.expected[key] = data

    def put_parts(self, key, parts, is_completed=True, **options):
        name = {"Bucket": self.bucket, "Key": key}
        upload = {**name, "UploadId": self.s3.create_multipart_upload(**name, **options)["UploadId"]}
        options.pop("ChecksumType", None)
        done = []
        for number, data in enumerate(parts, 1):
            answer = self.s3.upload_part(**upload, PartNumber=number, Body=data, **options)
            checksums = {field: value for field, value in answer.items() if field.startswith("Checksum")}
            done.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})
        if is_completed:
            self.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": done})
            self.expected[key] = b"".join(parts)

    def copy(self, key, source):
        self.s3.copy_object(Bucket=self.bucket, Key=key, CopySource={"Bucket": self.bucket, "Key": source})
        self.expected[key] = self.expected[source]

    def delete(self, key):
        self.s3.delete_object(Bucket=self.bucket, Key=key)
        del self.expected[key]


class Extracted:
    """One run of the script."""

    def __init__(self, data, output, *arguments):
        self.output = output
        command = [sys.executable, str(TOP / "tools/extract.py"), data, output, *arguments]
        self.run = subprocess.run(command, capture_output=True, text=True, timeout=120)
        self.status = self.run.returncode
        self.damages = self.run.stderr.splitlines()
        self.lines = {}
        with contextlib.suppress(FileNotFoundError), open(os.path.join(output, "objects.jsonl")) as file:
            self.lines = {(line["bucket"], line["key"]): line for line in map(json.loads, file)}

    def check(self, stored, damaged=()):
        """Every object byte by byte but those damaged, and nothing else."""
        assert {key for bucket, key in self.lines if bucket == stored.bucket} == set(stored.expected)
        for key, data in stored.expected.items():
            line = self.lines[stored.bucket, key]
            assert line["size"] == len(data)
            assert ("damage" in line) == ("file" not in line) == (key in damaged), key
            if key not in damaged:
                assert line["sha256"] == hashlib.sha256(data).hexdigest()
                path = os.path.realpath(os.path.join(self.output, line["file"]))
                assert path.startswith(os.path.realpath(self.output) + os.sep)
                with open(path, "rb") as file:
                    assert file.read() == data, key

    def check_files(self):
        """There are no files but those of the manifest."""
        files = {
            os.path.relpath(os.path.join(folder, name), self.output)
            for folder, _, names in os.walk(self.output) for name in names
        }
        assert files == {"objects.jsonl"} | {line["file"] for line in self.lines.values() if "file" in line}


def store_variety(stored):
    stored.put("empty", b"")
    for size in [1, INLINE_MAX, INLINE_MAX + 1, MEBIBYTE, MEBIBYTE + 1]:
        stored.put(f"size-{size}", content(size, size))
    stored.put("random", content("random", 20 * MEBIBYTE))
    lines = b"".join(f"line {number} of something that repeats\n".encode() for number in range(600_000))
    stored.put("compressible", lines[:20 * MEBIBYTE])
    parts = [content(f"part {number}", 5 * MEBIBYTE) for number in range(3)]
    stored.put_parts("parts", parts)
    stored.put_parts("parts-composite", [parts[1], b"end"], ChecksumAlgorithm="SHA256", ChecksumType="COMPOSITE")
    stored.put_parts("parts-full", [parts[2], b"end"], ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT")
    stored.put_parts("parts-empty", [b""])
    stored.put_parts("unfinished", [parts[0]], is_completed=False)
    for algorithm in ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]:
        stored.put(f"checksum-{algorithm}", content(algorithm, 100_000), ChecksumAlgorithm=algorithm)
    for key in AWKWARD_KEYS:
        stored.put(key, content(key, 100 + len(key)))
    stored.put(
        "described", b"described", ContentType="text/x-ship", CacheControl="no-cache",
        Metadata={"colour": "blue", "draught": "4 m"}, Tagging="fleet=north&kind=tug",
    )
    stored.copy("copied", "parts")
    for before, after in [(100, 200), (2 * MEBIBYTE, 100), (100, 2 * MEBIBYTE), (50_000, 60_000)]:
        stored.put(f"overwritten-{before}-{after}", content("before", before))
        stored.put(f"overwritten-{before}-{after}", content("after", after))
    for size in [100, 3 * MEBIBYTE]:
        stored.put(f"deleted-{size}", content("deleted", size))
        stored.delete(f"deleted-{size}")


def push_blob(server, data):
    """A blob into the registry, in one request."""
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    token = base64.b64encode(f"{server.access_key}:{server.secret_key}".encode()).decode()
    request = urllib.request.Request(
        f"http://{server.registry}/v2/library/ship/blobs/uploads/?digest={digest}", data=data, method="POST",
        headers={"Authorization": f"Basic {token}", "Content-Type": "application/octet-stream"},
    )
    assert urllib.request.urlopen(request).status == 201
    return digest


def test_everything_comes_out_after_kill_9(directory):
    with Drydock.temporary() as server:
        stored, other = Stored(server), Stored(server, "other")
        store_variety(stored)
        other.put("a", b"of the other bucket")
        other.put("only/here", content("only here", 50_000))
        blob = content("blob", 300_000)
        push_blob(server, blob)
        server.kill()
        before = tree_digest(server.data)
        # RocksDB removes such a file even when it opens the database read-only.
        with open(f"{server.data}/metadata/000001.log.trash", "wb") as file:
            file.write(content("the rest of a log that was going", 1000))

        extracted = Extracted(server.data, f"{directory}/all")
        assert (extracted.status, extracted.damages) == (0, [])
        extracted.check(stored)
        extracted.check(other)
        extracted.check_files()
        described = extracted.lines[BUCKET, "described"]
        assert described["content_type"] == "text/x-ship"
        assert described["headers"] == {"cache-control": "no-cache"}
        assert described["metadata"] == {"colour": "blue", "draught": "4 m"}
        assert described["tags"] == {"fleet": "north", "kind": "tug"}
        assert extracted.lines[BUCKET, "parts"]["etag"].endswith("-3")
        assert extracted.lines[BUCKET, "a"]["file"] == f"objects/{BUCKET}/a"
        digests = {line["sha256"] for (bucket, _), line in extracted.lines.items() if bucket == REGISTRY_BUCKET}
        assert hashlib.sha256(blob).hexdigest() in digests
        assert tree_digest(server.data) == before, "it must not write into the data directory"

        # Compaction moves chunks, and leaves the places that recipes name behind.
        packs = set(os.listdir(f"{server.data}/packs"))
        server.verb("gc", "--min-garbage", "0")
        assert not packs & set(os.listdir(f"{server.data}/packs"))
        check_prefix(server, stored, "overwritten-", f"{directory}/compacted")
        # Recompression makes groups of them, and of parts the stretches of one recipe.
        assert json.loads(server.verb("gc", "--recompress", "--json").stdout)["savedBytes"] > 10 * MEBIBYTE
        check_prefix(server, stored, "c", f"{directory}/recompressed")
        check_prefix(server, stored, "p", f"{directory}/joined")


def check_prefix(server, stored, prefix, output):
    keys = [key for key in sorted(stored.expected) if key.startswith(prefix)]
    extracted = Extracted(server.data, output, "--bucket", stored.bucket, "--prefix", prefix)
    assert (extracted.status, extracted.damages) == (0, [])
    assert list(extracted.lines) == [(stored.bucket, key) for key in keys]
    part = copy.copy(stored)
    part.expected = {key: stored.expected[key] for key in keys}
    extracted.check(part)


def test_wrong_use_and_listing(directory):
    with Drydock.temporary() as server:
        stored = Stored(server)
        stored.put("key", b"data")
        used = Extracted(server.data, f"{directory}/used")
        assert (used.status, used.damages) == (2, [f"extract.py: a process uses {server.data}"])
        server.kill()
        listed = Extracted(server.data, f"{directory}/listed", "--list")
        assert [json.loads(line)["key"] for line in listed.run.stdout.splitlines()] == ["key"]
        assert not os.path.exists(listed.output)
        assert Extracted(server.data, f"{directory}/nobody", "--bucket", "nobody").status == 2
        assert Extracted(server.data, server.data).status == 2, "OUTPUT isn't empty"
        assert Extracted(directory, f"{directory}/no-store").status == 2
        with open(f"{server.data}/FORMAT", "w") as file:
            file.write("drydock data format 2\n")
        assert Extracted(server.data, f"{directory}/later").status == 2


def test_damage_is_reported_with_the_objects_it_hits(directory):
    with Drydock.temporary() as server:
        stored = Stored(server)
        shared = content("shared", 200_000)
        stored.put("inline", content("inline", 1000))
        stored.put("lonely", content("lonely", 200_000))
        stored.put("shared", shared)
        stored.put("shared-again", shared)
        stored.put_parts("shared-part", [content("first part", 5 * MEBIBYTE), shared])
        stored.put("large", content("large", 3 * MEBIBYTE))
        server.kill()
        [pack] = [os.path.join(server.data, "packs", name) for name in os.listdir(f"{server.data}/packs")]
        with open(pack, "rb") as file:
            whole = file.read()
        at = whole.index(shared)
        holders = {"shared", "shared-again", "shared-part"}
        packed = set(stored.expected) - {"inline"}
        # Its frame's header stands in the 64 bytes before the payload.
        cases = {
            "payload": (at + 100_000, holders), "checksum": (at - 40, holders), "digest": (at - 20, holders),
            "large": (whole.index(stored.expected["large"][:16]), {"large"}), "pack-header": (20, set()),
        }
        for name, (offset, damaged) in cases.items():
            with open(pack, "r+b") as file:
                file.seek(offset)
                file.write(bytes([whole[offset] ^ 1]))
            check_damage(stored, Extracted(server.data, f"{directory}/{name}"), damaged, extra=name == "pack-header")
            with open(pack, "r+b") as file:
                file.seek(offset)
                file.write(whole[offset:offset + 1])
        os.truncate(pack, at + 1000)
        cut = {key for key in packed if whole.index(stored.expected[key][-16:]) > at}
        check_damage(stored, Extracted(server.data, f"{directory}/cut"), cut)
        os.unlink(pack)
        check_damage(stored, Extracted(server.data, f"{directory}/no-pack"), packed, extra=True)


def check_damage(stored, extracted, damaged, extra=False):
    """Exactly these objects are reported, once each, and `extra` says whether the pack is, too."""
    assert extracted.status == 1
    extracted.check(stored, damaged)
    extracted.check_files()
    for key in damaged:
        assert sum(f'"{stored.bucket}/{key}"' in line for line in extracted.damages) == 1
    assert len(extracted.damages) == len(damaged) + extra, extracted.damages
