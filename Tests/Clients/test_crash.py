# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load, again and again; and SIGTERM under load."""

import concurrent.futures
import hashlib
import os
import random
import threading

import botocore.exceptions
import pytest
from conftest import client
from drydock import Drydock
from files import content

KILL_ROUNDS = int(os.environ.get("DRYDOCK_KILL_ROUNDS", "50"))
BUCKET = "crash"
SIZES = [0, 100, 4096, 16_384, 16_385, 300_000, 1 << 20, 2_500_000]


class Load:
    """Writers with keys of their own, and a record of what each key may hold after a crash."""

    def __init__(self, server, writers=6):
        self.server = server
        self.writers = writers
        self.stopping = threading.Event()
        # Key → digests it may have; None stands for "absent". More than one entry only while a change is in flight.
        self.allowed = {}
        self.acknowledged = 0
        self.failures = []

    def run_writer(self, writer, round_number):
        generator = random.Random(f"{round_number}-{writer}")
        s3 = client(self.server, max_pool_connections=2)
        while not self.stopping.is_set():
            key = f"w{writer}/k{generator.randrange(12)}"
            before = self.allowed.get(key, {None})
            try:
                self.step(s3, generator, key, before)
                self.acknowledged += 1
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, OSError) as error:
                if isinstance(error, botocore.exceptions.ClientError):
                    self.failures.append(error)
                return

    def step(self, s3, generator, key, before):
        action = generator.random()
        if action < 0.2:
            self.allowed[key] = before | {None}
            s3.delete_object(Bucket=BUCKET, Key=key)
            self.allowed[key] = {None}
            return
        data = content(generator.random(), generator.choice(SIZES))
        digest = hashlib.sha256(data).hexdigest()
        if action < 0.3:
            data = content(generator.random(), 5 << 20) + data
            digest = hashlib.sha256(data).hexdigest()
            upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
            parts = []
            for number, block in enumerate([data[:5 << 20], data[5 << 20:]], 1):
                answer = s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=number, Body=block)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            self.allowed[key] = before | {digest}
            s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload={"Parts": parts})
        else:
            self.allowed[key] = before | {digest}
            s3.put_object(Bucket=BUCKET, Key=key, Body=data)
        self.allowed[key] = {digest}

    def start(self, pool, round_number):
        self.stopping.clear()
        return [pool.submit(self.run_writer, writer, round_number) for writer in range(self.writers)]

    def verify(self):
        s3 = client(self.server)
        for key, allowed in self.allowed.items():
            try:
                digest = hashlib.sha256(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).hexdigest()
            except s3.exceptions.NoSuchKey:
                digest = None
            assert digest in allowed, f"{key} holds {digest}, which is none of {allowed}"
            self.allowed[key] = {digest}
        listed = set()
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            listed |= {entry["Key"] for entry in page.get("Contents", [])}
        assert listed == {key for key, digests in self.allowed.items() if digests != {None}}


def test_kill_9_under_load_loses_nothing():
    with Drydock.temporary() as server:
        client(server).create_bucket(Bucket=BUCKET)
        load = Load(server)
        pause = random.Random(7)
        with concurrent.futures.ThreadPoolExecutor(load.writers) as pool:
            for round_number in range(KILL_ROUNDS):
                writers = load.start(pool, round_number)
                threading.Event().wait(pause.uniform(0.05, 0.5))
                server.kill()
                load.stopping.set()
                concurrent.futures.wait(writers, timeout=60)
                for writer in writers:
                    writer.result()
                if round_number % 10 == 9:
                    assert '"problems": []' in check(server)
                server.start()
                load.verify()
        assert load.acknowledged > KILL_ROUNDS
        assert not load.failures, load.failures[:3]
        server.stop()
        assert '"problems": []' in check(server)
        server.verb("gc")
        assert '"problems": []' in check(server)
        server.start()
        load.verify()


def check(server):
    """fsck must find nothing; its exit status says the same."""
    import json

    report = json.loads(server.verb("fsck", "--json").stdout)
    return json.dumps({"problems": report["problems"]})


def test_sigterm_under_load_cuts_nothing():
    with Drydock.temporary() as server:
        client(server).create_bucket(Bucket=BUCKET)
        load = Load(server)
        cut = []

        def put_slowly(number):
            """A request that is under way when the signal comes must be answered."""
            import http.client
            import urllib.parse

            data = content(number, 200_000)
            url = client(server).generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": f"slow{number}"})
            parts = urllib.parse.urlsplit(url)
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
            connection.putrequest("PUT", f"{parts.path}?{parts.query}")
            connection.putheader("Content-Length", str(len(data)))
            connection.endheaders()
            for offset in range(0, len(data), 10_000):
                connection.send(data[offset:offset + 10_000])
                threading.Event().wait(0.05)
            status = connection.getresponse().status
            if status != 200:
                cut.append(status)
            return hashlib.sha256(data).hexdigest()

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            writers = load.start(pool, 0)
            slow = [pool.submit(put_slowly, number) for number in range(4)]
            threading.Event().wait(0.4)
            server.stop()
            load.stopping.set()
            concurrent.futures.wait([*writers, *slow], timeout=60)
            for number, future in enumerate(slow):
                load.allowed[f"slow{number}"] = {future.result()}
        assert not cut
        assert '"problems": []' in check(server)
        server.start()
        load.verify()
