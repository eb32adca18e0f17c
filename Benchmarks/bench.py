#!/usr/bin/env python3
# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""Prints the budgets table: what was measured, beside nginx and Debian's docker-registry in the same run.

Usage: Benchmarks/bench.py [--quick] [--only WORD,WORD] [--keys N]
Rows that compare run A B A B and give the median of the ratios.
"""

import argparse
import base64
import contextlib
import json
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "Tests/Clients"))
from drydock import Drydock  # noqa: E402
from images import write_image  # noqa: E402

LOAD = TOP / "Benchmarks/.build/release/drydock-load"
MEBIBYTE = 1 << 20
PUBLIC = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bench/*"}]})


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def load(port, pids, *arguments, server=None):
    command = [str(LOAD), "--port", str(port), *arguments]
    for pid in pids:
        command += ["--server-pid", str(pid)]
    if server:
        command += ["--access-key", server.access_key, "--secret-key", server.secret_key]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return json.loads(result.stdout.splitlines()[-1]) if result.stdout.strip() else None


class Nginx:
    """nginx as it is tuned for static files: sendfile, open file cache, no access log, a worker per core."""

    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.port = free_port()
        (self.base / "www").mkdir(parents=True)
        (self.base / "nginx.conf").write_text(f"""
            {"user root;" if os.geteuid() == 0 else ""} worker_processes {os.cpu_count()}; daemon off; pid {base}/nginx.pid; error_log {base}/error.log;
            events {{ worker_connections 4096; }}
            http {{
                access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000;
                open_file_cache max=1000; default_type application/octet-stream;
                client_body_temp_path {base}/t1; proxy_temp_path {base}/t2; fastcgi_temp_path {base}/t3;
                uwsgi_temp_path {base}/t4; scgi_temp_path {base}/t5;
                server {{ listen 127.0.0.1:{self.port}; root {base}/www; }}
            }}""")
        self.process = subprocess.Popen(["nginx", "-e", f"{base}/error.log", "-c", f"{base}/nginx.conf"])
        time.sleep(0.5)

    def add(self, name, size):
        (self.base / "www" / name).write_bytes(os.urandom(size))

    @property
    def pids(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return [int(pid) for pid in children]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class DockerRegistry:
    """Debian's docker-registry on the file system."""

    def __init__(self, base):
        self.port = free_port()
        path = pathlib.Path(base)
        path.mkdir()
        (path / "config.yml").write_text(
            f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
            f"storage: {{filesystem: {{rootdirectory: {base}/data}}}}\nhttp: {{addr: '127.0.0.1:{self.port}'}}\n")
        self.process = subprocess.Popen(["docker-registry", "serve", f"{base}/config.yml"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Table:
    def __init__(self):
        self.failed = 0

    def row(self, work, measured, target, met):
        mark = {True: "met", False: "NOT MET", None: ""}[met]
        self.failed += met is False
        print(f"| {work} | {measured} | {target} | {mark} |", flush=True)


class Bench:
    def __init__(self, options):
        self.options = options
        self.seconds = "2" if options.quick else "4"
        self.rounds = 2 if options.quick else 3
        self.table = Table()
        self.base = tempfile.mkdtemp(prefix="drydock-bench-", dir=options.directory)

    def run(self):
        print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, "
              f"{cpu_name()}, Linux {platform.release()}\n")
        print("| Work | Measured | Must reach | |\n| --- | --- | --- | --- |")
        self.server = Drydock(f"{self.base}/data", "--log-level", "warning")
        try:
            self.start_and_idle()
            self.nginx = Nginx(f"{self.base}/nginx")
            self.prepare()
            for step in [self.small_gets, self.large_gets, self.small_puts, self.heads_and_deletes, self.large_puts,
                         self.copies, self.fairness, self.space, self.listing, self.recovery, self.registry]:
                if not self.options.only or any(word in step.__name__ for word in self.options.only.split(",")):
                    step()
        finally:
            with contextlib.suppress(Exception):
                self.nginx.stop()
            with contextlib.suppress(Exception):
                self.server.stop()
            shutil.rmtree(self.base, ignore_errors=True)
        return 1 if self.table.failed else 0

    # Helpers

    def s3(self, *arguments, signed=True):
        return load(self.server.ports["s3"], [self.server.pid], *arguments, server=self.server if signed else None)

    def web(self, *arguments):
        return load(self.nginx.port, self.nginx.pids, *arguments)

    def signed(self, method, path, body=b""):
        import boto3
        import botocore.config

        client = boto3.client("s3", endpoint_url=self.server.s3_url, aws_access_key_id=self.server.access_key,
                              aws_secret_access_key=self.server.secret_key, region_name="us-east-1",
                              config=botocore.config.Config(s3={"addressing_style": "path"}))
        return client

    def prepare(self):
        client = self.signed(None, None)
        client.create_bucket(Bucket="bench")
        client.put_bucket_policy(Bucket="bench", Policy=PUBLIC)
        self.client = client

    def compare(self, ours, theirs, figure):
        """Median of the pairwise ratios and the last pair."""
        ratios, pair = [], None
        for _ in range(self.rounds):
            pair = (ours(), theirs())
            ratios.append(pair[0][figure] / pair[1][figure])
        return statistics.median(ratios), pair

    # Rows

    def start_and_idle(self):
        begun = time.monotonic()
        self.server.start()
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.server.admin_url}/healthz")
                break
        start = (time.monotonic() - begun) * 1e3
        self.table.row("first answer after start, empty store", f"{start:.0f} ms", "< 100 ms", start < 100)
        time.sleep(2)
        before = cpu_ticks(self.server.pid)
        time.sleep(10)
        ticks = cpu_ticks(self.server.pid) - before
        resident = self.server.resident_bytes() / MEBIBYTE
        self.table.row("idle", f"{resident:.0f} MiB, {ticks / 10:.1f} % CPU", "≤ 40 MB, 0.0 %",
                       resident <= 40e6 / MEBIBYTE and ticks == 0)

    def small_gets(self):
        self.nginx.add("4k", 4096)
        self.s3("--operation", "fill", "--keys", "1000", "--size", "4096", "--prefix", "get-")
        arguments = ["--operation", "get", "--connections", "32", "--seconds", self.seconds]
        ours = lambda: self.s3(*arguments, "--keys", "1000", "--prefix", "get-", signed=False)
        ratio, (a, b) = self.compare(ours, lambda: self.web(*arguments, "--path", "/4k"), "perSecond")
        self.table.row("GET 4 KiB, 32 connections, anonymous",
                       f"{ratio:.2f} × nginx ({a['perSecond']:,.0f}/s against {b['perSecond']:,.0f}/s), "
                       f"{a['cpuMicrosecondsPerRequest']:.1f} µs CPU (nginx {b['cpuMicrosecondsPerRequest']:.1f})",
                       "≥ 0.6 ×, ≤ 25 µs",
                       ratio >= 0.6 and a["cpuMicrosecondsPerRequest"] <= 25)
        c = self.s3(*arguments, "--keys", "1000", "--prefix", "get-")
        self.table.row("GET 4 KiB signed, 32 connections",
                       f"{c['cpuMicrosecondsPerRequest']:.1f} µs CPU, {c['perSecond']:,.0f}/s, p99 {c['p99ms']:.2f} ms",
                       "≤ 40 µs", c["cpuMicrosecondsPerRequest"] <= 40)

    def large_gets(self):
        for name, size, connections in [("1m", MEBIBYTE, 8), ("64m", 64 * MEBIBYTE, 4)]:
            self.nginx.add(name, size)
            self.s3("--operation", "put", "--keys", "4", "--size", str(size), "--prefix", f"{name}-", "--connections", "2",
                    "--seconds", "2")
            self.s3("--operation", "fill", "--keys", "4", "--size", str(size), "--prefix", f"{name}-")
            arguments = ["--operation", "get", "--connections", str(connections), "--seconds", self.seconds]
            ours = lambda: self.s3(*arguments, "--keys", "4", "--prefix", f"{name}-", signed=False)
            ratio, (a, b) = self.compare(ours, lambda: self.web(*arguments, "--path", f"/{name}"), "megabytesPerSecond")
            self.table.row(f"GET {size // MEBIBYTE} MiB",
                           f"{ratio:.2f} × nginx ({a['megabytesPerSecond']:,.0f} against {b['megabytesPerSecond']:,.0f} MB/s), "
                           f"{a['cpuSecondsPerGigabyte']:.2f} CPU-s/GB (nginx {b['cpuSecondsPerGigabyte']:.2f})",
                           "≥ 0.9 ×, ≤ 0.35 CPU-s/GB", ratio >= 0.9 and a["cpuSecondsPerGigabyte"] <= 0.35)

    def small_puts(self):
        a = self.s3("--operation", "put", "--keys", "20000", "--size", "4096", "--connections", "32", "--seconds", self.seconds,
                    "--prefix", "put-")
        met = a["perSecond"] >= 20_000 and a["cpuMicrosecondsPerRequest"] <= 80
        self.table.row("PUT 4 KiB signed, durable, 32 connections",
                       f"{a['perSecond']:,.0f}/s, {a['cpuMicrosecondsPerRequest']:.0f} µs CPU, p50 {a['p50ms']:.2f} ms, "
                       f"p99 {a['p99ms']:.2f} ms", "≥ 20,000/s, ≤ 80 µs", met)

    def heads_and_deletes(self):
        a = self.s3("--operation", "head", "--keys", "1000", "--prefix", "get-", "--connections", "8", "--seconds", self.seconds)
        self.table.row("HEAD, 8 connections", f"{a['cpuMicrosecondsPerRequest']:.1f} µs CPU, {a['perSecond']:,.0f}/s",
                       "≤ 30 µs", a["cpuMicrosecondsPerRequest"] <= 30)
        a = self.s3("--operation", "delete", "--keys", "20000", "--prefix", "put-", "--connections", "8")
        self.table.row("DELETE, 8 connections", f"{a['cpuMicrosecondsPerRequest']:.1f} µs CPU, {a['perSecond']:,.0f}/s",
                       "≤ 60 µs", a["cpuMicrosecondsPerRequest"] <= 60)

    def large_puts(self):
        arguments = ["--operation", "put", "--keys", "8", "--size", str(64 * MEBIBYTE), "--connections", "8",
                     "--seconds", self.seconds]
        a = self.s3(*arguments, "--prefix", "big-")
        self.table.row("PUT 64 MiB unique incompressible, 8 streams",
                       f"{a['cpuSecondsPerGigabyte']:.2f} CPU-s/GB, {a['megabytesPerSecond']:,.0f} MB/s, "
                       f"{a['residentBytes'] / MEBIBYTE:.0f} MiB resident", "≤ 1.6, ≤ 200 MB",
                       a["cpuSecondsPerGigabyte"] <= 1.6 and a["residentBytes"] <= 200e6)
        self.s3(*arguments, "--prefix", "same-", "--repeated")
        self.settle()
        packs = directory_bytes(f"{self.server.data}/packs")
        a = self.s3(*arguments, "--prefix", "same-", "--repeated")
        written = directory_bytes(f"{self.server.data}/packs") - packs
        self.table.row("PUT of content already stored", f"{a['cpuSecondsPerGigabyte']:.2f} CPU-s/GB, {written} bytes written",
                       "≤ 1.1, none", a["cpuSecondsPerGigabyte"] <= 1.1 and written == 0)
        a = self.s3("--operation", "multipart", "--size", str(256 * MEBIBYTE), "--connections", "8", "--seconds", self.seconds,
                    "--prefix", "multi-")
        self.table.row("multipart 256 MiB, 8 MiB parts, 8 at once",
                       f"{a['cpuSecondsPerGigabyte']:.2f} CPU-s/GB, {a['megabytesPerSecond']:,.0f} MB/s", "", None)

    def settle(self):
        """Waits until the collection of what earlier rows overwrote is through."""
        before = None
        while before != (now := used_bytes(f"{self.server.data}/packs")):
            before = now
            time.sleep(11)

    def copies(self):
        """5 GiB by reference: 80 parts that are copies of one object, joined, then copied and renamed as a whole."""
        self.client.put_object(Bucket="bench", Key="part", Body=os.urandom(64 * MEBIBYTE))
        upload = self.client.create_multipart_upload(Bucket="bench", Key="whole")["UploadId"]
        target = {"Bucket": "bench", "Key": "whole", "UploadId": upload}
        parts = [{"PartNumber": number, "ETag": self.client.upload_part_copy(
            **target, PartNumber=number, CopySource="bench/part")["CopyPartResult"]["ETag"]} for number in range(1, 81)]
        times = {"complete": milliseconds(lambda: self.client.complete_multipart_upload(
            **target, MultipartUpload={"Parts": parts}))}
        times["copy"] = statistics.median(milliseconds(lambda: self.client.copy_object(
            Bucket="bench", Key="copy", CopySource="bench/whole")) for _ in range(9))
        self.table.row("Complete, Copy of 5 GiB, as boto3 sees them",
                       ", ".join(f"{name} {time:.1f} ms" for name, time in times.items()), "< 5 ms",
                       all(time < 5 for time in times.values()))

    def fairness(self):
        """What one client's eight streams of parts do to another's small reads."""
        self.s3("--operation", "fill", "--keys", "1000", "--size", "4096", "--prefix", "get-")
        reads = ["--operation", "get", "--connections", "4", "--keys", "1000", "--prefix", "get-", "--seconds", self.seconds]
        quiet = self.s3(*reads)
        command = [str(LOAD), "--port", str(self.server.ports["s3"]), "--operation", "multipart", "--size",
                   str(256 * MEBIBYTE), "--connections", "8", "--seconds", str(float(self.seconds) + 2), "--prefix", "fair-",
                   "--access-key", self.server.access_key, "--secret-key", self.server.secret_key]
        stream = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(1)
        busy = self.s3(*reads)
        stream.wait()
        ratio = busy["p99ms"] / quiet["p99ms"]
        self.table.row("GET 4 KiB p99 beside 8 streams of parts",
                       f"{ratio:.1f} × its quiet value ({busy['p99ms']:.2f} against {quiet['p99ms']:.2f} ms)", "≤ 10 ×", ratio <= 10)

    def space(self):
        """Deletes half of a gigabyte while small reads go on, and waits for the drive to have it back."""
        client = self.client
        for number in range(32):
            client.put_object(Bucket="bench", Key=f"gone-{number}", Body=os.urandom(32 * MEBIBYTE))
        self.settle()
        full = used_bytes(f"{self.server.data}/packs")
        for number in range(0, 32, 2):
            client.delete_object(Bucket="bench", Key=f"gone-{number}")
        begun = time.monotonic()
        while time.monotonic() - begun < 120 and used_bytes(f"{self.server.data}/packs") > full - 400 * MEBIBYTE:
            self.s3("--operation", "get", "--connections", "1", "--keys", "1000", "--prefix", "get-", "--seconds", "1")
        elapsed = time.monotonic() - begun
        self.table.row("space of 512 MiB deleted while clients read", f"back after {elapsed:.0f} s", "< 60 s", elapsed < 60)

    def listing(self):
        keys = self.options.keys
        self.client.create_bucket(Bucket="list")
        a = self.s3("--bucket", "list", "--operation", "fill", "--keys", str(keys), "--size", "0", "--connections", "64")
        a = self.s3("--bucket", "list", "--operation", "list", "--connections", "2", "--seconds", self.seconds,
                    "--list-query", f"list-type=2&max-keys=1000&start-after=object-{keys // 2:08d}")
        rate = a["perSecond"] * 1000
        self.table.row(f"LIST at {keys:,} keys, pages of 1,000",
                       f"{rate:,.0f} keys/s, page p50 {a['p50ms']:.2f} ms", "≥ 1,000,000, p50 < 2 ms", rate >= 1_000_000 and a["p50ms"] < 2)

    def recovery(self):
        self.server.kill()
        begun = time.monotonic()
        self.server.start()
        start = (time.monotonic() - begun) * 1e3
        self.table.row(f"first answer after kill -9, {self.options.keys:,} objects", f"{start:.0f} ms", "< 1,000 ms",
                       start < 1000)

    def registry(self):
        image = f"{self.base}/image"
        megabytes = 256 if self.options.quick else 1024
        write_image(image, layer_bytes=[megabytes * MEBIBYTE // 4] * 4)
        other = DockerRegistry(f"{self.base}/docker-registry")
        try:
            figures = {}
            for name, registry, credentials in [
                ("drydock", self.server.registry, f"{self.server.access_key}:{self.server.secret_key}"),
                ("docker-registry", f"127.0.0.1:{other.port}", "none:none"),
            ] * 2:
                push = seconds(["skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", credentials,
                                f"oci:{image}:latest", f"docker://{registry}/bench/{time.time_ns()}:1"])
                figures.setdefault(f"{name} push", []).append(push)
            blobs = sorted((pathlib.Path(image) / "blobs/sha256").iterdir(), key=lambda path: -path.stat().st_size)[:4]
            token = base64.b64encode(f"{self.server.access_key}:{self.server.secret_key}".encode()).decode()
            for name, registry in [("drydock", self.server.registry), ("docker-registry", f"127.0.0.1:{other.port}")] * 2:
                repository = json.load(urllib.request.urlopen(urllib.request.Request(
                    f"http://{registry}/v2/_catalog", headers={"Authorization": f"Basic {token}"})))["repositories"][0]
                pull = seconds(["curl", "-sf", "-H", f"Authorization: Basic {token}", *[
                    part for blob in blobs for part in
                    (f"http://{registry}/v2/{repository}/blobs/sha256:{blob.name}", "-o", "/dev/null")]])
                figures.setdefault(f"{name} pull", []).append(pull)
            for verb in ["push", "pull"]:
                ours, theirs = figures[f"drydock {verb}"], figures[f"docker-registry {verb}"]
                self.table.row(f"registry {verb} of {megabytes} MB", f"{theirs[0] / ours[0]:.2f} × docker-registry "
                               f"({megabytes / ours[0]:,.0f} against {megabytes / theirs[0]:,.0f} MB/s); "
                               f"again {ours[1]:.2f} s against {theirs[1]:.2f} s", "≥ 2 ×", theirs[0] >= 2 * ours[0])
        finally:
            other.stop()


def milliseconds(call):
    begun = time.monotonic()
    call()
    return (time.monotonic() - begun) * 1e3


def used_bytes(path):
    """On the drive: holes take nothing."""
    return sum(entry.stat().st_blocks * 512 for entry in os.scandir(path))


def seconds(command):
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - begun


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def directory_bytes(path):
    return sum(entry.stat().st_size for entry in os.scandir(path))


def cpu_name():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", help="run only the steps whose names hold one of these words, with commas between")
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--directory", help="where data goes; default: the system's temporary directory")
    sys.exit(Bench(parser.parse_args()).run())
