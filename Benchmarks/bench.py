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
import hashlib
import http.client
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "Tests/Clients"))
from drydock import Drydock  # noqa: E402
from images import write_image  # noqa: E402

LOAD = TOP / "Benchmarks/.build/release/drydock-load"
MEBIBYTE = 1 << 20
MILLION = 1_000_000
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
        self.port, self.tls_port = free_port(), free_port()
        (self.base / "www").mkdir(parents=True)
        self.certificate = [f"{base}/certificate.pem", f"{base}/key.pem"]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-out", self.certificate[0], "-keyout", self.certificate[1]],
                       check=True, capture_output=True)
        (self.base / "nginx.conf").write_text(f"""
            {"user root;" if os.geteuid() == 0 else ""} worker_processes {os.cpu_count()}; daemon off; pid {base}/nginx.pid; error_log {base}/error.log;
            events {{ worker_connections 4096; }}
            http {{
                access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000;
                open_file_cache max=1000; default_type application/octet-stream;
                client_body_temp_path {base}/t1; proxy_temp_path {base}/t2; fastcgi_temp_path {base}/t3;
                uwsgi_temp_path {base}/t4; scgi_temp_path {base}/t5;
                server {{ listen 127.0.0.1:{self.port}; root {base}/www; }}
                server {{ listen 127.0.0.1:{self.tls_port} ssl; root {base}/www; ssl_protocols TLSv1.3;
                    ssl_certificate {self.certificate[0]}; ssl_certificate_key {self.certificate[1]}; }}
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
                         self.copies, self.fairness, self.space, self.tls, self.listing, self.recovery, self.registry]:
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

    def prepare(self):
        self.client = self.make_bucket(self.server)

    def make_bucket(self, server, scheme="http"):
        """The client that made it. Everybody may read."""
        import boto3
        import botocore.config

        client = boto3.client("s3", endpoint_url=f"{scheme}://127.0.0.1:{server.ports['s3']}", verify=f"{self.base}/nginx/certificate.pem",
                              aws_access_key_id=server.access_key, aws_secret_access_key=server.secret_key, region_name="us-east-1",
                              config=botocore.config.Config(s3={"addressing_style": "path"}, signature_version="s3v4"))
        client.create_bucket(Bucket="bench")
        client.put_bucket_policy(Bucket="bench", Policy=PUBLIC)
        return client

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
        before = running_nanoseconds(self.server.pid)
        time.sleep(10)
        after = running_nanoseconds(self.server.pid)
        share = sum(after[thread] - before.get(thread, 0) for thread in after) / 10e9
        resident = self.server.resident_bytes() / MEBIBYTE
        self.table.row("idle", f"{resident:.0f} MiB, {share:.2%} CPU", "≤ 40 MB, 0.0 %",
                       resident <= 40e6 / MEBIBYTE and share < 0.0005)

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
            self.settle()
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
        """5 GiB by reference: 80 parts that are copies of one object, joined, then copied as a whole."""
        self.client.put_object(Bucket="bench", Key="part", Body=os.urandom(64 * MEBIBYTE))
        times = {"Complete": statistics.median(self.complete(f"whole-{turn}") for turn in range(5)),
                 "Copy": statistics.median(self.timed("copy_object", {"Key": "copy", "CopySource": "bench/whole-0"}, "PUT", b"",
                                                      {"x-amz-copy-source": "bench/whole-0"}) for _ in range(9))}
        self.table.row("Complete, Copy of 5 GiB in 80 parts", ", ".join(f"{name} {time:.1f} ms" for name, time in times.items()),
                       "< 5 ms", all(time < 5 for time in times.values()))

    def complete(self, key):
        target = {"Key": key, "UploadId": self.client.create_multipart_upload(Bucket="bench", Key=key)["UploadId"]}
        body = "<CompleteMultipartUpload>"
        for number in range(1, 81):
            tag = self.client.upload_part_copy(
                **target, Bucket="bench", PartNumber=number, CopySource="bench/part")["CopyPartResult"]["ETag"]
            body += f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"
        return self.timed("complete_multipart_upload", target, "POST", f"{body}</CompleteMultipartUpload>".encode())

    def timed(self, operation, parameters, method, body, headers={}):
        """Milliseconds of one request without what boto3 itself takes."""
        url = urllib.parse.urlsplit(self.client.generate_presigned_url(operation, {"Bucket": "bench", **parameters}))
        connection = http.client.HTTPConnection(url.netloc)
        connection.connect()
        begun = time.monotonic()
        connection.request(method, f"{url.path}?{url.query}", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        elapsed = (time.monotonic() - begun) * 1e3
        connection.close()
        if answer.status != 200 or b"<Error>" in text:
            raise RuntimeError(f"{operation}: {answer.status} {text[:500]}")
        return elapsed

    def fairness(self):
        """What one client's eight streams do to another's small reads, of parts, and of large objects in memory: these beside nginx."""
        size = 64 * MEBIBYTE
        for name, byte_count in [("4k", 4096), ("64m", size)]:
            self.nginx.add(name, byte_count)
        self.s3("--operation", "fill", "--keys", "1000", "--size", "4096", "--prefix", "get-")
        self.s3("--operation", "fill", "--keys", "4", "--size", str(size), "--prefix", "64m-")
        reads = ["--operation", "get", "--connections", "4", "--seconds", self.seconds]
        ours = [*reads, "--keys", "1000", "--prefix", "get-"]
        keys = ["--access-key", self.server.access_key, "--secret-key", self.server.secret_key]
        parts = ["--operation", "multipart", "--size", str(256 * MEBIBYTE), "--prefix", "fair-", *keys]
        large = ["--operation", "get", "--size", str(size), "--keys", "4", "--prefix", "64m-", *keys]
        quiet = self.s3(*ours)["p99ms"]
        busy = self.beside(self.server.ports["s3"], parts, lambda: self.s3(*ours))["p99ms"]
        self.table.row("GET 4 KiB p99 beside 8 streams of parts", f"{busy / quiet:.1f} × its quiet value ({busy:.2f} against {quiet:.2f} ms)",
                       "≤ 10 ×", busy <= 10 * quiet)
        busy = self.beside(self.server.ports["s3"], large, lambda: self.s3(*ours))["p99ms"]
        theirs = [*reads, "--path", "/4k"]
        its_quiet = self.web(*theirs)["p99ms"]
        its = self.beside(self.nginx.port, ["--operation", "get", "--path", "/64m"], lambda: self.web(*theirs))["p99ms"]
        # With every processor busy it is the system's scheduler that decides, for nginx as well.
        self.table.row("GET 4 KiB p99 beside 8 GETs of 64 MiB", f"{busy / quiet:.1f} × its quiet value ({busy:.2f} against {quiet:.2f} ms; "
                       f"nginx {its / its_quiet:.1f} ×, {its:.2f} against {its_quiet:.2f} ms)", "≤ 10 ×", busy <= 10 * quiet)

    def beside(self, port, streams, measure):
        """What `measure` returns while eight connections do something else."""
        running = subprocess.Popen([str(LOAD), "--port", str(port), *streams, "--connections", "8", "--seconds", str(float(self.seconds) + 2)],
                                   stdout=subprocess.DEVNULL)
        time.sleep(1)
        result = measure()
        running.wait()
        return result

    def space(self):
        """Deletes half of a gigabyte while small requests go on, which overwrite objects as well, and waits for the drive to have it back.
        What these requests wait for at half of the load that the machine can take, beside the same without anything to give back."""
        client = self.client
        self.s3("--operation", "fill", "--keys", "1000", "--size", "4096", "--prefix", "get-")
        for number in range(32):
            client.put_object(Bucket="bench", Key=f"gone-{number}", Body=os.urandom(32 * MEBIBYTE))
        self.settle()
        full = used_bytes(f"{self.server.data}/packs")
        rates = {operation: str(result["perSecond"] / 2) for operation, result in self.small_requests(lambda: None).items()}
        quiet = self.small_requests(lambda: None, rates)
        times = []

        def delete():
            for number in range(0, 32, 2):
                client.delete_object(Bucket="bench", Key=f"gone-{number}")
            begun = time.monotonic()
            while time.monotonic() - begun < 120 and used_bytes(f"{self.server.data}/packs") > full - 400 * MEBIBYTE:
                time.sleep(0.1)
            times.append(time.monotonic() - begun)

        busy = self.small_requests(delete, rates)
        self.table.row("space of 512 MiB deleted while clients read and write", f"back after {times[0]:.0f} s", "< 60 s", times[0] < 60)
        for operation, during in busy.items():
            said = [f"{run['maxms']:.1f} ms, {run['over10ms']} of {run['requests']:,} over 10 ms, p99.9 {run['p999ms']:.2f} ms"
                    for run in [during, quiet[operation]]]
            self.table.row(f"longest {operation.upper()} of 4 KiB meanwhile", f"{said[0]} (with nothing to give back {said[1]})",
                           "≤ 10 ms", during["maxms"] <= 10)

    def small_requests(self, work, rates=None):
        """What one connection that reads and one that writes see while `work` goes on: at so many requests per second, for as long as space
        takes to come back, or as many as there are answers. The next call overwrites what this one writes. In a session of its own, as
        clients are: Linux gives sessions their shares of the processors, and the server's with a generator that never sleeps in it lets
        the kernel's threads wait that send syncs to the drive."""
        running = {operation: subprocess.Popen(
            [str(LOAD), "--port", str(self.server.ports["s3"]), "--operation", operation, "--connections", "1", "--keys", count, "--prefix",
             f"{operation}-", "--size", "4096", "--seconds", "30" if rates else "12", "--access-key", self.server.access_key, "--secret-key",
             self.server.secret_key, *(["--per-second", rates[operation]] if rates else [])], stdout=subprocess.PIPE, text=True,
            start_new_session=True) for operation, count in [("get", "1000"), ("put", "30000")]}
        time.sleep(1)
        work()
        return {operation: json.loads(process.communicate()[0].splitlines()[-1]) for operation, process in running.items()}

    def tls(self):
        """TLS 1.3 by wrk and curl, beside nginx."""
        certificate, key = self.nginx.certificate
        server = Drydock(f"{self.base}/tls", "--log-level", "warning", "--tls-certificate", certificate, "--tls-key", key)
        server.start()
        try:
            client = self.make_bucket(server, "https")
            origin, other = f"https://127.0.0.1:{server.ports['s3']}", f"https://127.0.0.1:{self.nginx.tls_port}"
            for name, size, connections in [("4k", 4096, 32), ("64m", 64 * MEBIBYTE, 4)]:
                self.nginx.add(f"tls-{name}", size)
                client.put_object(Bucket="bench", Key=name, Body=os.urandom(size))
                a, b = (wrk(url, connections, self.seconds, pids) for url, pids in [
                    (f"{origin}/bench/{name}", [server.pid]), (f"{other}/tls-{name}", self.nginx.pids)])
                cpu = lambda it: (f"{it['cpu'] * 1e6:.1f} µs CPU" if size == 4096 else f"{it['cpu'] / size * 1e9:.2f} CPU-s/GB")
                self.table.row(f"TLS: GET {name}", f"{a['perSecond'] / b['perSecond']:.2f} × nginx ({a['perSecond']:,.0f}/s), {cpu(a)} "
                               f"(nginx {cpu(b)})", "", None)
            layers = self.layers(64)
            before, begun = cpu_ticks(server.pid), time.monotonic()
            run_at_once(["curl", "-sSf", "--cacert", certificate, "-T", str(layer), client.generate_presigned_url(
                "put_object", {"Bucket": "bench", "Key": layer.name})] for layer in layers.values())
            elapsed, gigabytes = time.monotonic() - begun, 4 * 64 * MEBIBYTE / 1e9
            self.table.row("TLS: PUT 64m, 4 at once", f"{(cpu_ticks(server.pid) - before) / 100 / gigabytes:.2f} CPU-s/GB, "
                           f"{gigabytes * 1e3 / elapsed:,.0f} MB/s", "", None)
        finally:
            server.stop()

    def listing(self):
        """A bucket of many keys; then half of them go, which must not slow down what is left."""
        keys = self.options.keys
        self.client.create_bucket(Bucket="list")
        self.for_keys("fill", keys)
        self.list_pages(f"LIST at {keys:,} keys", f"list-type=2&max-keys=1000&start-after=object-{keys * 3 // 4:08d}")
        # Every tenth key ends a common prefix here, all keys have one there.
        self.page(f"page of 1,000 common prefixes at {keys:,} keys", "delimiter=4&list-type=2&max-keys=1000")
        self.page(f"page of one common prefix of {keys:,} keys", "delimiter=-&list-type=2&max-keys=1000")
        resident = self.server.resident_bytes()
        self.table.row(f"memory after filling and listing {keys:,} keys", f"{resident / MEBIBYTE:.0f} MiB", "≤ 200 MB", resident <= 200e6)
        self.for_keys("delete", keys // 2)
        name = f"LIST of {keys // 2:,} keys behind as many deleted"
        self.page(f"{name}, the first page", "list-type=2&max-keys=1000")
        self.list_pages(name, f"list-type=2&max-keys=1000&start-after=object-{keys * 3 // 4:08d}")

    def for_keys(self, operation, count):
        """By millions, because the generator signs them beforehand."""
        for first in range(0, count, MILLION):
            self.s3("--bucket", "list", "--operation", operation, "--first-key", str(first), "--keys", str(min(MILLION, count - first)),
                    "--size", "0", "--connections", "64")

    def list_pages(self, name, query):
        a = self.s3("--bucket", "list", "--operation", "list", "--connections", "2", "--seconds", self.seconds, "--list-query", query)
        rate = a["perSecond"] * 1000
        self.table.row(f"{name}, pages of 1,000", f"{rate:,.0f} keys/s, page p50 {a['p50ms']:.2f} ms", "≥ 1,000,000, p50 < 2 ms",
                       rate >= 1_000_000 and a["p50ms"] < 2)

    def page(self, name, query):
        a = self.s3("--bucket", "list", "--operation", "list", "--connections", "1", "--seconds", "1", "--list-query", query)
        self.table.row(name, f"p50 {a['p50ms']:.2f} ms", "p50 < 2 ms", a["p50ms"] < 2)

    def recovery(self):
        self.server.kill()
        begun = time.monotonic()
        self.server.start()
        start = (time.monotonic() - begun) * 1e3
        self.table.row(f"first answer after kill -9, {self.options.keys:,} objects", f"{start:.0f} ms", "< 1,000 ms",
                       start < 1000)

    def registry(self):
        """Four layers at once, as docker and skopeo move them. curl pushes; the load generator pulls, because curl takes no more from
        nginx than from us."""
        megabytes = 256 if self.options.quick else 1024
        other = DockerRegistry(f"{self.base}/docker-registry")
        ours, theirs = f"http://{self.server.registry}", f"http://127.0.0.1:{other.port}"
        pids = {ours: [self.server.pid], theirs: [other.process.pid]}
        try:
            pushes, at_once, later, again = {}, {}, {}, {}
            for turn in range(2 * self.rounds):
                layers = self.layers(megabytes // 4)
                os.sync()
                for url in [ours, theirs] if turn // 2 % 2 == 0 else [theirs, ours]:
                    pushes.setdefault(url, []).append(self.push_layers(url, f"bench/{turn}", layers))
                # docker-registry leaves its writing to the kernel, which would go on below the reading.
                os.sync()
                # What was pushed is brought into memory when the server has nothing else to do.
                time.sleep(5 * (turn % 2))
                paths = [f"/v2/bench/{turn}/blobs/sha256:{digest}" for digest in layers]
                for results in [later if turn % 2 else at_once, again]:
                    for url in [ours, theirs]:
                        results.setdefault(url, []).append(self.pull(url, pids[url], paths))
            # What the same client takes of a server that only calls sendfile.
            for layer in layers.values():
                os.link(layer, f"{self.base}/nginx/www/{layer.name}")
            bound = self.pull(f"http://127.0.0.1:{self.nginx.port}", self.nginx.pids, [f"/{layer.name}" for layer in layers.values()])
            ratio = statistics.median(b / a for a, b in zip(pushes[ours], pushes[theirs]))
            self.table.row(f"registry push of {megabytes} MiB", f"{ratio:.2f} × docker-registry "
                           f"({megabytes / statistics.median(pushes[ours]):,.0f} against "
                           f"{megabytes / statistics.median(pushes[theirs]):,.0f} MiB/s)", "≥ 2 ×", ratio >= 2)
            rows = {f"first pull of {megabytes} MiB, at once": at_once, f"first pull of {megabytes} MiB, 5 s later": later,
                    f"pull of {megabytes} MiB again": again}
            for name, results in rows.items():
                speed, cpu = ({url: statistics.median(result[figure] for result in results[url]) for url in [ours, theirs]}
                              for figure in ["megabytesPerSecond", "cpuSecondsPerGigabyte"])
                ratio = speed[ours] / speed[theirs]
                self.table.row(f"registry {name}", f"{ratio:.2f} × docker-registry ({speed[ours]:,.0f} against "
                               f"{speed[theirs]:,.0f} MB/s; nginx {bound['megabytesPerSecond']:,.0f}), {cpu[ours]:.2f} CPU-s/GB "
                               f"(docker-registry {cpu[theirs]:.2f})", "≥ 2 ×", ratio >= 2)
            self.push_with_skopeo(megabytes)
        finally:
            other.stop()

    def layers(self, mebibytes):
        """Four incompressible layers by digest."""
        layers = {}
        for number in range(4):
            content = os.urandom(mebibytes * MEBIBYTE)
            path = pathlib.Path(f"{self.base}/layer-{time.time_ns()}")
            path.write_bytes(content)
            layers[hashlib.sha256(content).hexdigest()] = path
        return layers

    def push_layers(self, registry, repository, layers):
        uploads = []
        for digest, path in layers.items():
            answer = urllib.request.urlopen(urllib.request.Request(
                f"{registry}/v2/{repository}/blobs/uploads/", method="POST", headers={"Authorization": self.basic}))
            location = urllib.parse.urljoin(registry, answer.headers["Location"])
            separator = "&" if "?" in location else "?"
            uploads.append(["-T", str(path), f"{location}{separator}digest=sha256:{digest}"])
        return self.transfers(uploads)

    def pull(self, origin, pids, paths):
        """Each path once, all at once."""
        arguments = [argument for path in paths for argument in ["--path", path]]
        return load(urllib.parse.urlsplit(origin).port, pids, "--operation", "get", "--once", "--connections", str(len(paths)),
                    "--header", f"Authorization: {self.basic}", *arguments)

    def transfers(self, arguments):
        """Seconds that one curl for each of them takes, all at once."""
        begun = time.monotonic()
        run_at_once(["curl", "-sSf", "-H", f"Authorization: {self.basic}", *some] for some in arguments)
        return time.monotonic() - begun

    @property
    def basic(self):
        return "Basic " + base64.b64encode(f"{self.server.access_key}:{self.server.secret_key}".encode()).decode()

    def push_with_skopeo(self, megabytes):
        image = f"{self.base}/image"
        write_image(image, layer_bytes=[megabytes * MEBIBYTE // 4] * 4)
        first, second = (seconds([
            "skopeo", "--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds",
            f"{self.server.access_key}:{self.server.secret_key}", f"oci:{image}:latest",
            f"docker://{self.server.registry}/bench/skopeo-{turn}:1"]) for turn in range(2))
        self.table.row(f"skopeo push of {megabytes} MiB", f"{first:.1f} s (skopeo's own CPU); again {second:.2f} s", "", None)


def run_at_once(commands):
    running = [subprocess.Popen(command) for command in commands]
    for process in running:
        if process.wait() != 0:
            raise RuntimeError(f"{process.args}: status {process.returncode}")


def wrk(url, connections, duration, pids):
    """Requests per second, and the server's CPU seconds for one."""
    before = sum(map(cpu_ticks, pids))
    output = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{duration}s", url], check=True, capture_output=True, text=True).stdout
    cpu = (sum(map(cpu_ticks, pids)) - before) / 100
    requests, elapsed = re.search(r"(\d+) requests in ([\d.]+)s", output).groups()
    if "Non-2xx" in output or requests == "0":
        raise RuntimeError(output)
    return {"perSecond": int(requests) / float(elapsed), "cpu": cpu / int(requests)}


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


def running_nanoseconds(pid):
    """Of all threads: a tick is too much for what an idle server does."""
    return {path.parent.name: int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")}


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
