# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""Many connections, huge objects, bounded memory."""

import concurrent.futures
import hashlib
import os
import resource
import socket

import pytest
from conftest import client
from drydock import Drydock
from files import content


@pytest.fixture(autouse=True)
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16_384), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_2000_idle_and_200_active_connections():
    with Drydock.temporary() as server:
        s3 = client(server)
        s3.create_bucket(Bucket="busy")
        data = content("busy", 64 * 1024)
        s3.put_object(Bucket="busy", Key="x", Body=data)
        before = server.resident_bytes()
        idle = []
        for _ in range(2000):
            idle.append(socket.create_connection(("127.0.0.1", server.ports["s3"])))
        for connection in idle:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for connection in idle:
            assert connection.recv(4096).startswith(b"HTTP/1.1 403")
        per_connection = (server.resident_bytes() - before) / len(idle)
        assert per_connection < 16 * 1024, f"{per_connection:.0f} bytes per idle connection"

        shared = client(server, max_pool_connections=200)

        def share(number):
            for turn in range(5):
                shared.put_object(Bucket="busy", Key=f"{number}-{turn}", Body=data)
                assert shared.get_object(Bucket="busy", Key="x")["Body"].read() == data

        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            list(pool.map(share, range(200)))
        assert server.resident_bytes() < 300 << 20
        for connection in idle:
            connection.close()


class Generated:
    """A file of random content that is made while it is read."""

    def __init__(self, size, seed):
        self.size, self.position, self.digest = size, 0, hashlib.sha256()
        self.block = content(seed, 1 << 20)
        self.number = 0

    def read(self, count=-1):
        count = min(count if count >= 0 else self.size, self.size - self.position)
        out = bytearray()
        while len(out) < count:
            self.number += 1
            out += self.number.to_bytes(8, "big") + self.block[: min(65_536, count - len(out))]
        out = bytes(out[:count])
        self.position += count
        self.digest.update(out)
        return out


def large_object(gigabytes):
    with Drydock.temporary() as server:
        s3 = client(server)
        s3.create_bucket(Bucket="large")
        source = Generated(gigabytes << 30, "large")
        upload = s3.create_multipart_upload(Bucket="large", Key="object")["UploadId"]
        parts, peak = [], 0
        part_bytes = 64 << 20
        for number in range(1, -(-source.size // part_bytes) + 1):
            answer = s3.upload_part(Bucket="large", Key="object", UploadId=upload, PartNumber=number,
                                    Body=source.read(part_bytes))
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            peak = max(peak, server.resident_bytes())
        s3.complete_multipart_upload(Bucket="large", Key="object", UploadId=upload, MultipartUpload={"Parts": parts})
        digest, size = hashlib.sha256(), 0
        for block in s3.get_object(Bucket="large", Key="object")["Body"].iter_chunks(1 << 20):
            digest.update(block)
            size += len(block)
            if size % (256 << 20) < 1 << 20:
                peak = max(peak, server.resident_bytes())
        assert size == source.size and digest.digest() == source.digest.digest()
        assert peak < 300 << 20, f"{peak >> 20} MiB resident"
        return peak


def test_a_1_gib_object_in_bounded_memory():
    large_object(1)


@pytest.mark.slow
def test_a_20_gb_object_in_bounded_memory():
    free = os.statvfs("/tmp").f_bavail * os.statvfs("/tmp").f_frsize
    if free < 26 << 30:
        pytest.skip(f"needs 26 GiB of disk, {free >> 30} are free")
    large_object(20)
