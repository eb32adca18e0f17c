# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""A small file system fills up under load: refusals in S3's words, reads and deletes go on, what comes back is used."""

import base64
import collections
import concurrent.futures
import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib

import botocore.exceptions
import pytest
from conftest import client
from drydock import Drydock
from files import content
from hostile import UNSIGNED_TRAILER, Connection, S3Client, check_s3

BUCKET = "full"
# The server keeps this much back for metadata and deletes (`EngineConfiguration.freeByteFloor`).
FLOOR = 64 << 20
PART = 8 << 20
SIZES = {"inline": 4 << 10, "chunk": 100 << 10, "multipart": 2 * PART}
KINDS = ["tmpfs", "ext4"]
# A request that takes longer hangs; the slowest honest one waits for a sync of everything before it.
REQUEST_SECONDS_MAX = 15
# Deleted space must be usable again within this time, in a server that collects while it serves.
COLLECTION_SECONDS_MAX = 60
# Mounting is for administrators, whose tools need not be on the path of a test.
TOOLS = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "LC_ALL": "C"}


class Volume:
    """A file system of a few hundred megabytes that nothing else uses."""

    def __init__(self, base):
        self.base, self.path = base, os.path.join(base, "volume")
        self.ballast = os.path.join(self.path, "ballast")
        os.mkdir(self.path)

    @staticmethod
    def run(*command):
        try:
            result = subprocess.run(command, env=TOOLS, capture_output=True, text=True, timeout=60)
        except FileNotFoundError as error:
            pytest.skip(f"can't make a file system: {error}")
        if result.returncode != 0:
            pytest.skip(f"can't make a file system: {command[0]}: {result.stderr.strip()}")

    def mount(self, kind):
        if kind == "tmpfs":
            self.run("mount", "-t", "tmpfs", "-o", "size=320m,mode=0700", "tmpfs", self.path)
            return
        image = os.path.join(self.base, "image")
        with open(image, "wb") as file:
            file.truncate(360 << 20)
        # Without reserved blocks "full" means the same to root and to everybody else.
        self.run("mkfs.ext4", "-q", "-F", "-m", "0", image)
        self.run("mount", "-o", "loop", image, self.path)

    def unmount(self):
        for _ in range(50):
            if not os.path.ismount(self.path):
                return
            if subprocess.run(["umount", self.path], env=TOOLS, capture_output=True).returncode == 0:
                return
            # A process that was killed a moment ago may still hold files.
            time.sleep(0.1)
        subprocess.run(["umount", "-l", self.path], env=TOOLS, check=True)

    def free_bytes(self):
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_frsize

    def fill(self, leaving=0):
        """A ballast file takes all but `leaving` bytes, and really all when there are none to leave."""
        with open(self.ballast, "ab") as file:
            start, rest = os.fstat(file.fileno()).st_size, self.free_bytes() - leaving
            if rest > 0:
                # Without room for the file system's own records this fails at the very end.
                with contextlib.suppress(OSError):
                    os.posix_fallocate(file.fileno(), start, rest)
            for block in () if leaving else (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        os.write(file.fileno(), b"\xdd" * block)

    def release(self):
        os.unlink(self.ballast)
        # Blocks may come back with the next commit of the journal.
        subprocess.run(["sync", "-f", self.path], env=TOOLS, check=True)


@pytest.fixture(params=KINDS)
def volume(request):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    base = tempfile.mkdtemp(prefix="drydock-full-")
    made = Volume(base)
    try:
        made.mount(request.param)
        yield made
    finally:
        made.unmount()
        shutil.rmtree(base, ignore_errors=True)


def quick_on(kind):
    """On the other file system the test is a slow one: it would find the same there."""
    kinds = [pytest.param(each, marks=[] if each == kind else [pytest.mark.slow]) for each in KINDS]
    return pytest.mark.parametrize("volume", kinds, indirect=True)


@pytest.fixture
def server(volume):
    """A server with its data, and nothing else, on the small file system."""
    made = Drydock(os.path.join(volume.path, "data"))
    made.log_path = os.path.join(volume.base, "log")
    try:
        made.start()
        boto(made).create_bucket(Bucket=BUCKET)
        # It takes its room soon after the start; what is free is counted on from then on.
        deadline = time.monotonic() + REQUEST_SECONDS_MAX
        while not os.path.exists(os.path.join(made.data, "reserve")):
            assert time.monotonic() < deadline, "no reserve was made"
            time.sleep(0.01)
        yield made
    finally:
        if made.process is not None:
            made.kill()


def boto(server):
    """A client that shows each answer as it came, without asking again, and gives up on a server that hangs."""
    return client(server, retries={"total_max_attempts": 1}, read_timeout=REQUEST_SECONDS_MAX, connect_timeout=5)


class Raw:
    """One connection for many requests, opened again when the server says that it closes it; for what is done often."""

    def __init__(self, server):
        self.made, self.port, self.connection = S3Client(server, BUCKET), server.ports["s3"], None

    def ask(self, method, target, body=b""):
        self.connection = self.connection or Connection(self.port, timeout=REQUEST_SECONDS_MAX)
        answer = self.connection.send(self.made.request(method, target, body)).answer(is_head=method == "HEAD")
        if (answer.header("connection") or "").lower() == "close":
            self.connection.socket.close()
            self.connection = None
        return answer

    def is_done(self, method, target, body=b""):
        """Whether it was done; if not, it was refused as it should be."""
        answer = self.ask(method, target, body)
        if answer.status < 300:
            return True
        if answer.status == 503:
            assert answer.header("retry-after"), "503 without Retry-After"
            check_s3(answer, 503, ("SlowDown", "ServiceUnavailable"))
        else:
            check_s3(answer, 507, "InsufficientStorage")
        return False


def in_threads(count, body):
    """`body(number)` in that many threads; the first exception is the caller's."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(body, range(count)))


class Load:
    """Writers with keys of their own, what was acknowledged to them, and every answer that was no proper one."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.held = {}  # Key → digest and size of what was acknowledged.
        self.refused = {}  # The same of what was refused: absent, or whole after a crash.
        self.refusals = collections.Counter()  # By request, status and code.
        self.refused_kinds = collections.Counter()
        self.improper = []
        self.is_killed = threading.Event()
        self.number = 0

    def attempt(self, what, call):
        """The answer, or None when it was a proper refusal. Whatever else happens is kept for the verdict."""
        started = time.monotonic()
        try:
            return call()
        except botocore.exceptions.ClientError as error:
            metadata = error.response["ResponseMetadata"]
            answer = metadata["HTTPStatusCode"], error.response["Error"]["Code"]
            with self.lock:
                self.refusals[(what, *answer)] += 1
            is_busy = answer[0] == 503 and "retry-after" in metadata["HTTPHeaders"]
            if answer != (507, "InsufficientStorage") and not is_busy:
                self.note(f"{what}: {answer} {error}")
        except (botocore.exceptions.BotoCoreError, OSError) as error:
            self.note(f"{what}: {type(error).__name__} {error}")
        finally:
            seconds = time.monotonic() - started
            if seconds > REQUEST_SECONDS_MAX:
                self.note(f"{what}: took {seconds:.0f} s")
        return None

    def note(self, text):
        # Connections break while the server is killed, and that is as it should be.
        if not self.is_killed.is_set():
            with self.lock:
                self.improper.append(text)

    def verdict(self):
        assert not self.improper, f"{len(self.improper)} answers are not as they should be: {self.improper[:5]}"

    def put(self, s3, kind, size=None):
        """One object of that kind, with a `Raw` in one request, else as an SDK does it; whether it was acknowledged."""
        with self.lock:
            self.number += 1
            key = f"{kind}/{self.number:06}"
        data = content(key, SIZES[kind] if size is None else size)
        with self.lock:
            self.refused[key] = hashlib.sha256(data).hexdigest(), len(data)
        if isinstance(s3, Raw):
            done = s3.is_done("PUT", f"/{{b}}/{key}", data)
        elif kind == "multipart":
            done = self.put_parts(s3, key, data)
        else:
            done = self.attempt(f"PUT {kind}", lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=data))
        if done:
            with self.lock:
                self.held[key] = self.refused.pop(key)
        return bool(done)

    def put_parts(self, s3, key, data):
        name = {"Bucket": BUCKET, "Key": key}
        upload = self.attempt("CreateMultipartUpload", lambda: s3.create_multipart_upload(**name))
        if not upload:
            return None
        name["UploadId"] = upload["UploadId"]
        parts = []
        for start in range(0, len(data), PART):
            number = len(parts) + 1
            part = self.attempt("UploadPart", lambda number=number, start=start: s3.upload_part(
                **name, PartNumber=number, Body=data[start:start + PART]))
            if not part:
                self.attempt("AbortMultipartUpload", lambda: s3.abort_multipart_upload(**name))
                return None
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        return self.attempt("CompleteMultipartUpload", lambda: s3.complete_multipart_upload(
            **name, MultipartUpload={"Parts": parts}))

    def put_some(self):
        """Some of each kind, while there is room."""
        s3 = boto(self.server)
        for kind, count in {"inline": 200, "chunk": 20, "multipart": 1}.items():
            for _ in range(count):
                assert self.put(s3, kind)

    def write(self, kind, is_over):
        s3 = boto(self.server)
        while not is_over() and not self.is_killed.is_set() and len(self.improper) < 20:
            if not self.put(s3, kind):
                with self.lock:
                    self.refused_kinds[kind] += 1
            # The small ones are to be among the others, not thousands of them.
            time.sleep(0.02 if kind == "inline" else 0.005)

    def read(self, done):
        """Reads what has been acknowledged beside the writers: a full drive is not to make one fail."""
        s3, generator = boto(self.server), random.Random(1)
        while not done.wait(0.01):
            with self.lock:
                keys = [key for key in self.held if not key.startswith("multipart")]
            if not keys:
                continue
            key = generator.choice(keys)
            answer = self.attempt(f"GET {key}", lambda key=key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
            if answer is None or hashlib.sha256(answer).hexdigest() != self.held[key][0]:
                self.note(f"GET {key}: not the bytes that were put")

    def fill(self, writers=2):
        """Writers of all kinds until all are refused, and a reader beside them."""
        done, deadline = threading.Event(), time.monotonic() + 60
        self.refused_kinds.clear()

        def is_full():
            return min(self.refused_kinds[kind] for kind in ("chunk", "multipart")) >= 10

        def is_over():
            return is_full() or time.monotonic() > deadline

        with concurrent.futures.ThreadPoolExecutor(len(SIZES) * writers + 1) as pool:
            reading = pool.submit(self.read, done)
            writing = [pool.submit(self.write, kind, is_over) for kind in SIZES for _ in range(writers)]
            try:
                for each in writing:
                    each.result()
                # The small ones still find room in what the log took before, and would for long at their pace.
                self.fill_quickly("inline", 16 << 10)
            finally:
                done.set()
            reading.result()
        self.verdict()
        assert is_full(), f"still not full after a minute: {self.refusals}"

    def fill_quickly(self, kind, size, byte_count=None):
        """The same with single requests of that size on a few connections; ends early with that many bytes written."""
        before = self.held_bytes()

        def write(_):
            raw, refused = Raw(self.server), 0
            while refused < 3 and (byte_count is None or self.held_bytes() - before < byte_count):
                refused = 0 if self.put(raw, kind, size) else refused + 1

        in_threads(4, write)
        return self.held_bytes() - before

    def held_bytes(self):
        with self.lock:
            return sum(size for _, size in self.held.values())

    def verify(self):
        """LIST, HEAD and GET of all that was acknowledged; of the rest nothing is there, or all of it."""
        s3, raw, listed = boto(self.server), Raw(self.server), {}
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            listed |= {entry["Key"]: entry["Size"] for entry in page.get("Contents", [])}
        for key in listed.keys() & self.refused.keys():
            self.held[key] = self.refused.pop(key)
        assert listed == {key: size for key, (_, size) in self.held.items()}
        for key, (digest, size) in self.held.items():
            answer = raw.ask("HEAD", f"/{{b}}/{key}")
            check_s3(answer, 200, None)
            assert answer.header("content-length") == str(size)
            answer = raw.ask("GET", f"/{{b}}/{key}")
            check_s3(answer, 200, None)
            assert hashlib.sha256(answer.body).hexdigest() == digest, f"{key} does not hold the bytes that were put"
        self.verdict()

    def delete(self, keys):
        """Some by themselves and many at once, which has to work without any room for content; returns their bytes."""
        s3, keys = boto(self.server), list(keys)
        for key in keys[:20]:
            s3.delete_object(Bucket=BUCKET, Key=key)
        for start in range(20, len(keys), 1000):
            entries = [{"Key": key} for key in keys[start:start + 1000]]
            answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": entries})
            assert not answer.get("Errors"), answer["Errors"][:3]
        for key in keys[:3] + keys[-3:]:
            check_s3(Raw(self.server).ask("GET", f"/{{b}}/{key}"), 404, "NoSuchKey")
        return sum(self.held.pop(key)[1] for key in keys)

    def resumes(self, seconds):
        """Whether an object of each kind is acknowledged again within that time."""
        s3, waiting, deadline = boto(self.server), list(SIZES), time.monotonic() + seconds
        while True:
            waiting = [kind for kind in waiting if not self.put(s3, kind)]
            if not waiting or time.monotonic() > deadline:
                return not waiting
            time.sleep(0.25)


def write_metadata(server, byte_count):
    """Buckets with policies of the greatest size: changes without content. Returns the bytes of those acknowledged."""
    def write(writer):
        raw, written, refused, number = Raw(server), 0, 0, 0
        while refused < 5 and written < byte_count // 4:
            number += 1
            name = f"metadata-{writer}-{number}"
            # Random text, so that it is as large on the drive as it is here.
            statement = {"Sid": content(name, 9_800).hex(), "Effect": "Deny", "Principal": "*",
                         "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()
            done = raw.is_done("PUT", f"/{name}") and raw.is_done("PUT", f"/{name}?policy", policy)
            written, refused = written + done * len(policy), 0 if done else refused + 1
        return written

    return sum(in_threads(4, write))


def admin(server, path):
    """Status and text of a page of the admin port."""
    try:
        with urllib.request.urlopen(server.admin_url + path, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def check_fsck(server):
    out = server.verb("fsck", "--json", check=False)
    assert out.returncode == 0 and json.loads(out.stdout)["problems"] == [], (out.stdout + out.stderr)[-2000:]


def verify_all(load, server):
    """What was acknowledged is there, and the store that the server leaves is sound."""
    load.verify()
    server.stop()
    check_fsck(server)


def collects_while_serving(server):
    """A server that gives space back by itself counts what it does on its metrics page."""
    return "drydock_gc_" in admin(server, "/metrics")[1]


def refill(server, load, byte_count, kind, size, by="server"):
    """So much must find room again: in the running server if it collects while serving, else after `drydock gc`."""
    if by == "server" and collects_while_serving(server):
        deadline = time.monotonic() + COLLECTION_SECONDS_MAX
        rest = byte_count
        while rest > 0 and time.monotonic() < deadline:
            rest -= load.fill_quickly(kind, size, rest)
            time.sleep(0.25)
        assert rest <= 0, f"{rest} of {byte_count} bytes found no room {COLLECTION_SECONDS_MAX} s after the deletes"
        return
    server.stop()
    out = server.verb("gc", check=False)
    # Whatever became of the collection, nothing may be lost.
    check_fsck(server)
    server.start()
    load.verify()
    assert out.returncode == 0, f"drydock gc: {out.stderr.strip()}"
    written = load.fill_quickly(kind, size, byte_count)
    assert written >= byte_count, f"{written} of {byte_count} bytes found room after drydock gc: {out.stdout}"


def check_sentence(text, what):
    """The last thing said names the reason in one line."""
    last = text.strip().splitlines()[-1]
    assert re.match(r"Error: .*(?i:no space|full|room)", last) and "Fatal" not in text, f"{what} said: {text[-1000:]}"


@quick_on("ext4")
def test_refusals_reads_and_deletes_while_full(volume, server):
    volume.fill(leaving=FLOOR + (112 << 20))
    load = Load(server)
    load.fill()
    assert {key.partition("/")[0] for key in load.held} == set(SIZES)
    assert set(load.refusals) >= {
        (what, 507, "InsufficientStorage") for what in ("PUT chunk", "UploadPart")}
    # A collection may give back what refused parts left behind, and the last look at the free space allowed a few more
    # bytes: now it is full and stays so.
    volume.fill(leaving=FLOOR // 2)
    load.fill_quickly("inline", 16 << 10)
    # An old version stays when the new one finds no room.
    key = next(key for key in load.held if key.startswith("chunk"))
    assert not Raw(server).is_done("PUT", f"/{{b}}/{key}", content("newer", SIZES["chunk"]))
    check_forms_of_refusal(server)
    load.verify()
    load.delete(sorted(load.held)[::2])
    verify_all(load, server)


def check_forms_of_refusal(server):
    """The refusal comes in the right form and on a sound connection, however the body is sent."""
    raw, port = S3Client(server, BUCKET), server.ports["s3"]
    small, large = content("raw", SIZES["chunk"]), content("raw", PART)
    upload = boto(server).create_multipart_upload(Bucket=BUCKET, Key="raw")["UploadId"]
    checksum = base64.b64encode(zlib.crc32(large).to_bytes(4, "big")).decode()
    pieces = [large[start:start + 65_536] for start in range(0, PART, 65_536)]
    for request in [
        raw.request("PUT", "/{b}/raw-inline", content("raw", 16 << 10)),
        raw.request("PUT", "/{b}/raw-small", small),
        raw.request("PUT", "/{b}/raw-large", large),
        raw.request("PUT", f"/{{b}}/raw?partNumber=1&uploadId={upload}", large),
        raw.chunked_put("raw-chunked", UNSIGNED_TRAILER, pieces, [("x-amz-checksum-crc32", checksum)]),
    ]:
        with Connection(port, timeout=REQUEST_SECONDS_MAX) as connection:
            answer = connection.send(request).answer()
            check_s3(answer, 507, "InsufficientStorage")
            # Either the connection goes on, or it was said that it does not.
            if (answer.header("connection") or "").lower() != "close":
                check_s3(connection.send(raw.request("GET", "/{b}?max-keys=1")).answer(), 200, None)
    with Connection(port, timeout=REQUEST_SECONDS_MAX) as connection:
        request = raw.request("PUT", "/{b}/raw-expect", small, unsigned=[("Expect", "100-continue")])
        answer = connection.send(request[:-len(small)]).answer()
        if answer.status == 100:
            answer = connection.send(small).answer()
        check_s3(answer, 507, "InsufficientStorage")
    boto(server).abort_multipart_upload(Bucket=BUCKET, Key="raw", UploadId=upload)


@quick_on("tmpfs")
def test_space_of_deleted_objects_comes_back(volume, server):
    volume.fill(leaving=FLOOR + (64 << 20))
    load = Load(server)
    load.put_some()
    load.fill_quickly("chunk", SIZES["chunk"])
    deleted = load.delete(list(load.held))
    refill(server, load, deleted * 3 // 4, "chunk", 1 << 20)
    verify_all(load, server)


@quick_on("tmpfs")
@pytest.mark.parametrize("by", ["server", "verb"])
def test_space_comes_back_when_more_stays_than_is_free(volume, server, by):
    """Every second object of a pack goes; what is left of it is more than the room there is for copying it."""
    load = Load(server)
    load.fill_quickly("chunk", 500_000)
    deleted = load.delete(sorted(load.held)[::2])
    assert deleted > FLOOR
    refill(server, load, deleted * 3 // 4, "chunk", 500_000, by)
    verify_all(load, server)


@quick_on("tmpfs")
def test_space_of_small_objects_comes_back(volume, server):
    """Their bytes lie in the metadata, which the collection of packs does not see."""
    volume.fill(leaving=FLOOR + (96 << 20))
    load = Load(server)
    load.fill_quickly("inline", 16 << 10)
    deleted = load.delete(list(load.held))
    assert deleted > 40 << 20
    refill(server, load, deleted * 3 // 4, "inline", 16 << 10)
    verify_all(load, server)


@quick_on("tmpfs")
def test_kill_9_while_full(volume, server):
    volume.fill(leaving=FLOOR + (48 << 20))
    load = Load(server)
    load.fill()
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(len(SIZES)) as pool:
            writing = [pool.submit(load.write, kind, lambda: False) for kind in SIZES]
            time.sleep(0.3)
            load.is_killed.set()
            server.kill()
            for each in writing:
                each.result()
        load.is_killed.clear()
        check_fsck(server)
        server.start()
        load.verify()


@quick_on("ext4")
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_start_without_any_room(volume, server, end):
    """Either reads are served, or it is said in one sentence why not; and nothing is lost by trying."""
    load = Load(server)
    load.put_some()
    server.stop() if end == "stop" else server.kill()
    volume.fill()
    for _ in range(2):
        try:
            server.start()
        except RuntimeError as error:
            assert server.process.poll() not in (None, 0), error
            check_sentence(server.log_text(), "serve")
        else:
            load.verify()
            server.stop()
    for verb in ["fsck", "gc", "stats"]:
        out = server.verb(verb, check=False)
        if out.returncode != 0:
            check_sentence(out.stderr, verb)
    volume.release()
    server.start()
    load.verify()
    assert load.resumes(0), load.refusals
    server.stop()
    check_fsck(server)


@quick_on("ext4")
def test_metadata_without_room(volume, server):
    """Something else takes the room kept back while the server runs: the metadata store itself can't write any more."""
    load = Load(server)
    load.put_some()
    volume.fill()
    # The log has its next megabytes already, so it takes a while to feel the lack of room.
    assert write_metadata(server, 96 << 20) < 64 << 20
    load.fill(writers=1)
    assert not any(load.put(boto(server), "inline", size=0) for _ in range(5))
    load.verify()
    volume.release()
    if not load.resumes(2):
        # Nobody knows what reached the drive, so a new start may be needed; but then whoever watches must be told.
        assert admin(server, "/readyz")[0] == 503
        verify_all(load, server)
        server.start()
        load.verify()
        assert load.resumes(0), load.refusals
    assert admin(server, "/readyz")[0] == 200
    verify_all(load, server)


@quick_on("ext4")
def test_metadata_leaves_room_for_itself(volume, server):
    """A full store alone on its drive: changes without content must not take what starts and deletes need."""
    volume.fill(leaving=FLOOR + (16 << 20))
    load = Load(server)
    load.fill_quickly("chunk", SIZES["chunk"])
    write_metadata(server, 3 * FLOOR // 2)
    check_room_for_metadata(volume, server, load)


def check_room_for_metadata(volume, server, load):
    readiness, free = admin(server, "/readyz"), volume.free_bytes()
    server.kill()
    # This comes first, since a store that can't be opened can't be helped by a collection either.
    server.start()
    load.verify()
    assert readiness[0] == 200, f"the store refused writes by itself with {free} bytes free"
    load.delete(load.held)
    server.stop()
    check_fsck(server)


def put_long_keys(server, count):
    """As many bytes of metadata as that many kilobytes: random, so that they are as long on the drive as they are here."""
    keys = [content(f"deleted {number}", 500).hex() for number in range(count)]

    def put(share):
        raw = Raw(server)
        assert all(raw.is_done("PUT", f"/{{b}}/{key}") for key in keys[share::8])

    in_threads(8, put)
    return keys


def delete_keys(load, keys):
    """A thousand at a time; how many are deleted before one of them is refused."""
    s3 = boto(load.server)
    for start in range(0, len(keys), 1000):
        entries = [{"Key": key} for key in keys[start:start + 1000]]
        answer = load.attempt("DeleteObjects", lambda entries=entries: s3.delete_objects(
            Bucket=BUCKET, Delete={"Objects": entries, "Quiet": True}))
        if not answer or answer.get("Errors"):
            return start
    return len(keys)


@pytest.mark.slow
def test_a_great_many_deletes_while_full(volume, server):
    """Deletes make room, and each takes some first. Long keys stand for more objects than there is time for."""
    volume.fill(leaving=FLOOR + (160 << 20))
    keys = put_long_keys(server, 60_000)
    volume.fill(leaving=FLOOR + (16 << 20))
    load = Load(server)
    load.fill_quickly("chunk", SIZES["chunk"])
    deleted = delete_keys(load, keys)
    assert deleted == len(keys), f"{deleted} deletes went well, then: {load.refusals}"
    check_room_for_metadata(volume, server, load)


@pytest.mark.slow
def test_compactions_without_room(volume, server):
    """Rewriting the metadata takes more than there is: it is given up before it takes what the log needs."""
    volume.fill(leaving=FLOOR + (160 << 20))
    keys = put_long_keys(server, 60_000)
    load = Load(server)
    load.put_some()
    # Something else takes what a compaction would need, and what deletes are given when they come near to the end as well.
    volume.fill(leaving=FLOOR // 4)
    # What was seen of the drive is taken for true for a second.
    time.sleep(1)
    delete_keys(load, keys[:1000])
    assert not os.path.exists(os.path.join(server.data, "reserve"))
    volume.fill(leaving=FLOOR * 3 // 4)
    deleted = 1000 + delete_keys(load, keys[1000:])
    assert 20_000 < deleted < len(keys), "compactions are needed, and there is no room for one"
    assert set(load.refusals) == {("DeleteObjects", 507, "InsufficientStorage")}
    assert admin(server, "/readyz")[0] == 200
    server.stop()
    server.start()
    volume.release()
    assert delete_keys(load, keys[deleted:]) == len(keys) - deleted, load.refusals
    assert load.resumes(0), load.refusals
    check_room_for_metadata(volume, server, load)
