#!/usr/bin/env python3
# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""Prints what deduplication and compression save and cost, beside restic, borg and casync on the same bytes.

Usage: Benchmarks/dedup.py [--quick] [--only SET,SET] [--tools TOOL,TOOL] [--chunking NAME] [--json FILE]
Sets: libraries, libraries-tar, source-tree, postgres, postgres-scattered, image-layers, part-sizes.
They are made from the files of this machine, with a seeded generator: the same each time but for the times and identifiers
that PostgreSQL puts in its files, and similar on another machine.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import io
import json
import os
import pathlib
import platform
import pwd
import random
import resource
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "Tests/Clients"))
from drydock import Drydock  # noqa: E402

MEBIBYTE = 1 << 20
MEGABYTE = 1_000_000
GIGABYTE = 1_000_000_000
# 2024-01-01: the data sets must not depend on the day they are made.
EPOCH = 1_704_067_200


# Data sets


@dataclasses.dataclass
class DataSet:
    name: str
    directory: pathlib.Path
    # The parts' length of each multipart upload; each makes an object of its own.
    part_byte_counts: tuple[int, ...] = (8 * MEBIBYTE,)
    # The other tools have no parts.
    is_shared: bool = True

    def files(self):
        return sorted(path for path in self.directory.rglob("*") if path.is_file())

    @property
    def byte_count(self):
        return sum(path.stat().st_size for path in self.files())


class Sizes:
    def __init__(self, is_quick):
        self.libraries = (40 if is_quick else 300) * MEGABYTE
        self.tree = (8 if is_quick else 50) * MEGABYTE
        self.versions = 5 if is_quick else 20
        self.postgres_scale = 2 if is_quick else 20
        self.layer = (40 if is_quick else 200) * MEGABYTE
        self.random = (64 if is_quick else 256) * MEBIBYTE


def regular_files(*roots, suffix=""):
    """Regular files below `roots`, each inode once, in the order of their paths."""
    seen = set()
    for root in roots:
        for path in sorted(pathlib.Path(root).rglob(f"*{suffix}")):
            with contextlib.suppress(OSError):
                status = path.lstat()
                inode = (status.st_dev, status.st_ino)
                if stat.S_ISREG(status.st_mode) and status.st_size > 0 and inode not in seen and os.access(path, os.R_OK):
                    seen.add(inode)
                    yield path, status.st_size


def first_bytes(files, limit):
    total = 0
    for path, size in files:
        if total + size > limit:
            # A single huge file must not end the set early.
            continue
        total += size
        yield path


def write_tar(path, entries):
    """`entries`: name, bytes, time of change. Owners and modes are left out: they would differ between machines."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, content, changed in entries:
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(content), changed, 0o644
            archive.addfile(info, io.BytesIO(content))


def make_libraries(directory, sizes):
    for path in first_bytes(regular_files("/usr/lib", suffix=".so*"), sizes.libraries):
        target = directory / path.relative_to("/usr/lib")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def make_libraries_tar(directory, sizes):
    """The same as one file, which a client uploads in parts."""
    paths = first_bytes(regular_files("/usr/lib", suffix=".so*"), sizes.libraries)
    write_tar(directory / "libraries.tar", ((str(path.relative_to("/usr/lib")), path.read_bytes(), EPOCH) for path in paths))


class SourceTree:
    """A tree of text files that people work on."""

    def __init__(self, limit, seed):
        self.random = random.Random(seed)
        roots = sorted(pathlib.Path("/usr/lib").glob("python3*"))
        candidates = [*regular_files(*roots, suffix=".py"), *regular_files("/usr/include")]
        self.files = {}
        for path in first_bytes(candidates, limit):
            self.files[str(path).lstrip("/")] = (path.read_bytes(), EPOCH + self.random.randrange(86_400))

    def entries(self):
        return [(name, *self.files[name]) for name in sorted(self.files)]

    def lines(self, count):
        """Lines of some file, so that what is added looks like the rest, each with a word of its own."""
        source = self.files[self.random.choice(sorted(self.files))][0].splitlines(keepends=True) or [b"\n"]
        start = self.random.randrange(len(source))
        return [line.rstrip(b"\n") + b" %x\n" % self.random.getrandbits(32) for line in source[start : start + count]]

    def evolve(self, version):
        """Changes 2 % of the files in one or a few places; adds and removes one in 500."""
        changed = EPOCH + version * 86_400
        names = sorted(self.files)
        for name in self.random.sample(names, max(1, len(names) // 50)):
            lines = self.files[name][0].splitlines(keepends=True)
            for _ in range(self.random.choice([1, 1, 1, 2, 3, 5])):
                place = self.random.randrange(len(lines) + 1)
                replaced = self.random.choice([0, 1, 1, 3])
                lines[place : place + replaced] = self.lines(self.random.choice([1, 1, 2, 5, 20]))
            self.files[name] = (b"".join(lines), changed)
        for name in self.random.sample(names, max(1, len(names) // 500)):
            del self.files[name]
        for _ in range(max(1, len(names) // 500)):
            beside = pathlib.PurePath(self.random.choice(names))
            name = str(beside.with_name(f"added{version}_{self.random.getrandbits(32):x}{beside.suffix}"))
            self.files[name] = (b"".join(line for _ in range(10) for line in self.lines(20)), changed)


def make_source_tree(directory, sizes):
    tree = SourceTree(sizes.tree, seed=1)
    for version in range(sizes.versions):
        if version > 0:
            tree.evolve(version)
        write_tar(directory / f"{version:02d}.tar", tree.entries())


def make_image_layers(directory, sizes):
    """Two builds of one image: all times differ, 2 % of the files have changed a little."""
    generator = random.Random(2)
    roots = ["/usr/bin", *sorted(pathlib.Path("/usr/lib").glob("python3*"))]
    # One root must not take all the room.
    paths = [path for root in roots for path in first_bytes(regular_files(root), sizes.layer // len(roots))]
    files = [(str(path).lstrip("/"), path.read_bytes()) for path in paths]
    write_tar(directory / "1.tar", [(name, content, EPOCH) for name, content in files])
    for index in generator.sample(range(len(files)), len(files) // 50):
        name, content = files[index]
        place = generator.randrange(len(content))
        # Half of them grow, as after a rebuild with other strings; half only get another build number.
        end = place if generator.random() < 0.5 else place + 64
        files[index] = (name, content[:place] + generator.randbytes(64) + content[end:])
    write_tar(directory / "2.tar", [(name, content, EPOCH + 86_400) for name, content in files])


class Postgres:
    """A cluster of its own in a temporary directory, with a socket and no port. The server refuses to run as root."""

    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.bin = self.find()
        self.options = {}
        if os.geteuid() == 0:
            names = [name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()}]
            user = pwd.getpwnam(names[0])
            self.options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.base, user.pw_uid, user.pw_gid)
        self.environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "HOME": str(self.base),
                            "PGHOST": str(self.base), "PGDATABASE": "postgres", "PGUSER": "bench"}

    @staticmethod
    def find():
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise RuntimeError("PostgreSQL's server programs are not installed (Debian package postgresql)")
        return found[-1].parent

    def run(self, *command):
        result = subprocess.run(command, cwd=self.base, env=self.environment, capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, **self.options)
        if result.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")

    def sql(self, statement):
        self.run("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement)

    @contextlib.contextmanager
    def running(self):
        self.run("initdb", "-D", "data", "-U", "bench", "-A", "trust", "-N", "-E", "UTF8")
        # Vacuum at a time of its own would make every run another. Nothing here has to survive a power cut.
        settings = ["listen_addresses=", f"unix_socket_directories={self.base}", "fsync=off", "autovacuum=off",
                    "max_wal_size=4GB", "shared_buffers=128MB"]
        options = " ".join(f"-c {setting}" for setting in settings)
        # -l, because the server keeps its standard output open.
        self.run("pg_ctl", "-D", "data", "-w", "-s", "-l", "log", "-o", options, "start")
        try:
            yield
        finally:
            self.run("pg_ctl", "-D", "data", "-w", "-s", "-m", "immediate", "stop")

    def backup(self, target):
        self.sql("CHECKPOINT")
        out = self.base / "backup"
        # The log is left out: it is archived apart, each segment once.
        self.run("pg_basebackup", "-D", str(out), "-Ft", "-X", "none", "-c", "fast", "--no-manifest", "--no-sync")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(out / "base.tar", target)
        shutil.rmtree(out)


def make_postgres(base, sizes):
    """Base backups: at first, after an update of 1 % of the rows in 200 runs, and after 1 % all over the table."""
    before, together, scattered = base / "before.tar", base / "together.tar", base / "scattered.tar"
    with tempfile.TemporaryDirectory(prefix="drydock-pg-", dir=base) as directory:
        postgres = Postgres(directory)
        with postgres.running():
            postgres.run("pgbench", "-i", "-q", "-s", str(sizes.postgres_scale))
            postgres.backup(before)
            rows = 100_000 * sizes.postgres_scale
            stride = rows // 200
            postgres.sql(f"UPDATE pgbench_accounts SET abalance = abalance + aid WHERE aid % {stride} < {stride // 100}")
            postgres.backup(together)
            # A multiplication modulo a prime spreads the rows evenly and alike in each run.
            postgres.sql("UPDATE pgbench_accounts SET abalance = abalance - 1 WHERE aid::bigint * 48271 % 2147483647 % 100 = 7")
            postgres.backup(scattered)
    return before, together, scattered


def make_part_sizes(directory, sizes):
    generator = random.Random(3)
    with open(directory / "random", "wb") as file:
        for _ in range(sizes.random // MEBIBYTE):
            file.write(generator.randbytes(MEBIBYTE))


class DataSets:
    names = ["libraries", "libraries-tar", "source-tree", "postgres", "postgres-scattered", "image-layers", "part-sizes"]

    def __init__(self, base, sizes):
        self.base = pathlib.Path(base)
        self.sizes = sizes
        self.backups = None

    def make(self, name):
        directory = self.base / name
        directory.mkdir()
        if name in ("postgres", "postgres-scattered"):
            self.link_backups(directory, name)
        else:
            makers = {"libraries": make_libraries, "libraries-tar": make_libraries_tar, "source-tree": make_source_tree,
                      "image-layers": make_image_layers, "part-sizes": make_part_sizes}
            makers[name](directory, self.sizes)
        if name == "part-sizes":
            return DataSet(name, directory, tuple(count * MEBIBYTE for count in (5, 8, 16)), is_shared=False)
        return DataSet(name, directory)

    def link_backups(self, directory, name):
        """Both sets come from one cluster."""
        if self.backups is None:
            parent = self.base / "backups"
            parent.mkdir()
            self.backups = make_postgres(parent, self.sizes)
        before, together, scattered = self.backups
        pair = (before, together) if name == "postgres" else (together, scattered)
        for index, path in enumerate(pair):
            os.link(path, directory / f"{index + 1}-{path.name}")


# Tools


@dataclasses.dataclass
class Result:
    stored_byte_count: int
    cpu_seconds: float
    wall_seconds: float
    details: dict = dataclasses.field(default_factory=dict)


def tree_bytes(path):
    """File lengths, and what the file system allocates for them."""
    # Drydock keeps room for starts on a full drive in a file of this name, whatever it stores.
    files = [entry for entry in pathlib.Path(path).rglob("*") if not entry.is_dir() and entry.name != "reserve"]
    statuses = [entry.lstat() for entry in files]
    return sum(status.st_size for status in statuses), sum(status.st_blocks * 512 for status in statuses)


def children_cpu_seconds():
    """Of those that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def timed(command, environment=None):
    """CPU seconds, also of the children it waited for, and wall seconds."""
    before, begun = children_cpu_seconds(), time.monotonic()
    result = subprocess.run(command, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
    wall = time.monotonic() - begun
    cpu = children_cpu_seconds() - before
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return cpu, wall


class CommandTool:
    """A tool that is started for each backup. What it takes to start (the key derivation, the interpreter) is measured on
    an empty directory and taken off, as the server's start is not counted either."""

    name = ""
    environment = {}

    def __init__(self, base):
        self.base = pathlib.Path(base)

    def measure(self, data):
        empty = self.base / "empty"
        empty.mkdir(parents=True)
        idle_cpu, _ = self.back_up(empty, self.base / "idle")
        cpu, wall = self.back_up(data.directory, self.base / "repository")
        stored, allocated = tree_bytes(self.base / "repository")
        return Result(stored, max(0, cpu - idle_cpu), wall, {"allocatedBytes": allocated, "startCPUSeconds": idle_cpu})


class Restic(CommandTool):
    name = "restic"

    def back_up(self, source, repository):
        environment = {"RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": str(self.base / "cache")}
        common = ["restic", "--repo", str(repository), "--quiet"]
        timed([*common, "init", "--repository-version", "2"], environment)
        return timed([*common, "--compression", "auto", "backup", str(source)], environment)


class Borg(CommandTool):
    """Without encryption: that is kinder to its CPU time."""

    compression = "lz4"

    @property
    def name(self):
        return f"borg {self.compression}"

    def back_up(self, source, repository):
        environment = {"BORG_BASE_DIR": str(self.base / "home"), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}
        timed(["borg", "init", "-e", "none", str(repository)], environment)
        return timed(["borg", "create", "-C", self.compression, f"{repository}::1", str(source)], environment)


class BorgZstd(Borg):
    compression = "zstd,3"


class Casync(CommandTool):
    name = "casync"

    def back_up(self, source, repository):
        repository.mkdir()
        return timed(["casync", "make", f"--store={repository}/store.castr", f"{repository}/index.caidx", str(source)])


class DrydockTool:
    """The server, seen by an S3 client: parts in parallel within an object, versions one after the other. The files of
    `libraries` come four at a time. The client's CPU time is not counted."""

    name = "drydock"

    def __init__(self, base, chunking=None):
        self.chunking = chunking
        self.server = Drydock(str(pathlib.Path(base) / "data"), "--log-level", "warning", "--roles", "storage")

    def measure(self, data):
        import boto3
        import botocore.config

        pathlib.Path(self.server.data).parent.mkdir(parents=True)
        self.server.start()
        try:
            # Plain HTTP makes boto3 hash each body on its own side unless told not to.
            configuration = botocore.config.Config(
                s3={"addressing_style": "path", "payload_signing_enabled": False},
                request_checksum_calculation="when_required", max_pool_connections=16, retries={"max_attempts": 1})
            client = boto3.client("s3", endpoint_url=self.server.s3_url, aws_access_key_id=self.server.access_key,
                                  aws_secret_access_key=self.server.secret_key, region_name="us-east-1",
                                  config=configuration)
            client.create_bucket(Bucket="bench")
            if self.chunking is not None:
                client.meta.events.register("before-call.s3", self.add_chunking)
            cpu, begun = process_cpu_seconds(self.server.pid), time.monotonic()
            self.upload(client, data)
            wall = time.monotonic() - begun
            answered = process_cpu_seconds(self.server.pid)
            settle(self.server.pid)
            settled = process_cpu_seconds(self.server.pid)
            peak = peak_bytes(self.server.pid)
        finally:
            self.server.stop()
        return self.result(settled - cpu, wall, {"cpuSecondsUntilLastAnswer": answered - cpu, "peakResidentBytes": peak})

    def add_chunking(self, params, **_):
        params["headers"]["x-drydock-chunking"] = self.chunking

    def upload(self, client, data):
        from boto3.s3.transfer import TransferConfig

        files = data.files()
        width = 4 if data.name == "libraries" else 1
        for part_byte_count in data.part_byte_counts:
            transfer = TransferConfig(multipart_threshold=part_byte_count, multipart_chunksize=part_byte_count,
                                      max_concurrency=4, preferred_transfer_client="classic")

            def put(path):
                key = f"{part_byte_count}/{path.relative_to(data.directory)}"
                client.upload_file(str(path), "bench", key, Config=transfer)

            with concurrent.futures.ThreadPoolExecutor(width) as pool:
                list(pool.map(put, files))

    def result(self, cpu, wall, details):
        """What is there, and what it cost, once the collection has done at once what the server does in the background."""
        uploaded, _ = tree_bytes(self.server.data)
        begun = children_cpu_seconds()
        details["gc"] = json.loads(self.server.verb("gc", "--json").stdout)
        collected = children_cpu_seconds()
        self.server.verb("gc", "--recompress")
        compressed = children_cpu_seconds()
        stats = json.loads(self.server.verb("stats", "--json").stdout)
        packs, allocated_packs = tree_bytes(f"{self.server.data}/packs")
        whole, allocated = tree_bytes(self.server.data)
        details |= {"stats": stats, "uploadedBytes": uploaded, "packBytes": packs, "metadataBytes": whole - packs,
                    "allocatedBytes": allocated, "allocatedPackBytes": allocated_packs,
                    "liveBytes": stats["packBytes"] - stats["garbageBytes"],
                    "collectionCPUSeconds": collected - begun, "compressionCPUSeconds": compressed - collected}
        # Holes, which garbage that isn't worth a rewrite becomes, take nothing.
        return Result(min(whole, allocated), cpu + compressed - collected, wall, details)


def process_cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settle(pid, limit_seconds=60):
    """Waits until work in the background has ended: it is part of what an upload costs."""
    deadline = time.monotonic() + limit_seconds
    while time.monotonic() < deadline:
        before = process_cpu_seconds(pid)
        time.sleep(1)
        if process_cpu_seconds(pid) - before <= 0.01:
            return


def peak_bytes(pid):
    with open(f"/proc/{pid}/status") as file:
        return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:")), 0)


def cpu_name():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "")


# The table


class Report:
    """A row for each set and tool. Drydock comes last in a set: it is judged by the others."""

    def __init__(self):
        self.failed = 0
        self.rows = []
        print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, {cpu_name()}, "
              f"Linux {platform.release()}\n")
        print("| Set | Tool | Input MB | Stored MB | of input | CPU-s/GB | Wall s | Must reach | |")
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |", flush=True)

    def add(self, data, tool, result, input_byte_count):
        others = [row for row in self.rows if row["set"] == data.name]
        per_gigabyte = result.cpu_seconds / (input_byte_count / GIGABYTE)
        targets = self.targets(data, others) if tool.name == "drydock" else {}
        marks = {"bytes": result.stored_byte_count <= targets.get("storedBytes", result.stored_byte_count),
                 "CPU": per_gigabyte <= targets.get("cpuSecondsPerGigabyte", per_gigabyte)}
        self.failed += not all(marks.values())
        self.rows.append({
            "set": data.name, "tool": tool.name, "inputBytes": input_byte_count, "storedBytes": result.stored_byte_count,
            "cpuSeconds": round(result.cpu_seconds, 3), "cpuSecondsPerGigabyte": round(per_gigabyte, 3),
            "wallSeconds": round(result.wall_seconds, 3), "targets": targets, "isMet": marks if targets else None,
            **result.details})
        target = ", ".join(f"≤ {value / MEGABYTE:.1f} MB" if name == "storedBytes" else f"≤ {value:.2f} CPU-s/GB"
                           for name, value in targets.items())
        missed = [name for name, is_met in marks.items() if not is_met]
        mark = (f"{' and '.join(missed)} NOT MET" if missed else "met") if targets else ""
        print(f"| {data.name} | {tool.name} | {input_byte_count / MEGABYTE:.1f} | {result.stored_byte_count / MEGABYTE:.1f} | "
              f"{result.stored_byte_count / input_byte_count:.1%} | {per_gigabyte:.2f} | {result.wall_seconds:.1f} | "
              f"{target} | {mark} |", flush=True)

    @staticmethod
    def targets(data, others):
        """The least bytes of the others, and half the CPU time of the thriftiest, which need not be the same tool."""
        if not data.is_shared:
            # One copy.
            return {"storedBytes": data.byte_count * 1.015}
        if not others:
            return {}
        return {"storedBytes": min(row["storedBytes"] for row in others),
                "cpuSecondsPerGigabyte": min(row["cpuSecondsPerGigabyte"] for row in others) / 2}

    def explain(self):
        """Where Drydock's bytes are, and its CPU time: what the client waited for, and what came after."""
        print("\n| Set | Uploaded MB | Distinct MB | Compressed MB | Chunks | Mean KB | Packs MB | of which garbage | Metadata MB | "
              "CPU-s/GB until the last answer | of compression | Collection CPU-s | Peak MiB |")
        print("| --- |" + " ---: |" * 12)
        for row in self.rows:
            if row["tool"] != "drydock":
                continue
            stats = row["stats"]
            mean = stats["deduplicatedBytes"] / max(1, stats["chunks"]) / 1_000
            answered, compression = (row[name] / (row["inputBytes"] / GIGABYTE)
                                     for name in ["cpuSecondsUntilLastAnswer", "compressionCPUSeconds"])
            print(f"| {row['set']} | {row['uploadedBytes'] / MEGABYTE:.1f} | {stats['deduplicatedBytes'] / MEGABYTE:.1f} | "
                  f"{stats['compressedBytes'] / MEGABYTE:.1f} | {stats['chunks']:,} | {mean:.1f} | "
                  f"{row['packBytes'] / MEGABYTE:.1f} | {stats['garbageBytes'] / MEGABYTE:.2f} | "
                  f"{row['metadataBytes'] / MEGABYTE:.1f} | {answered:.2f} | {compression:.2f} | "
                  f"{row['collectionCPUSeconds']:.2f} | {row['peakResidentBytes'] / MEBIBYTE:.0f} |")


TOOLS = [Restic, Borg, BorgZstd, Casync, DrydockTool]
TOOL_WORDS = {"restic": [Restic], "borg": [Borg, BorgZstd], "casync": [Casync], "drydock": [DrydockTool]}


def chosen(words, known, what):
    if words is None:
        return list(known)
    unknown = set(words.split(",")) - set(known)
    if unknown:
        sys.exit(f"dedup.py: there is no {what} {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [word for word in known if word in words.split(",")]


def main(options):
    names = chosen(options.only, DataSets.names, "set")
    tools = [tool for word in chosen(options.tools, TOOL_WORDS, "tool") for tool in TOOL_WORDS[word]]
    base = pathlib.Path(tempfile.mkdtemp(prefix="drydock-dedup-", dir=options.directory))
    # PostgreSQL runs as another user, who has to get through.
    base.chmod(0o711)
    report = Report()
    try:
        sets = DataSets(base, Sizes(options.quick))
        for name in names:
            data = sets.make(name)
            input_byte_count = data.byte_count * len(data.part_byte_counts)
            for tool in tools:
                if not data.is_shared and tool is not DrydockTool:
                    continue
                place = base / "tool"
                running = tool(place, options.chunking) if tool is DrydockTool else tool(place)
                report.add(data, running, running.measure(data), input_byte_count)
                shutil.rmtree(place)
            shutil.rmtree(data.directory)
    finally:
        if options.keep:
            print(f"kept: {base}", file=sys.stderr)
        else:
            shutil.rmtree(base, ignore_errors=True)
    report.explain()
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report.rows, indent=1) + "\n")
    return 1 if report.failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sets: says whether it works, not how well")
    parser.add_argument("--only", help="make and measure only these sets, with commas between")
    parser.add_argument("--tools", help="measure only these tools: restic, borg, casync, drydock")
    parser.add_argument("--chunking", help="what Drydock is told in x-drydock-chunking: content-defined, pages, whole")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--directory", help="where data goes, about 4 GB; default: the system's temporary directory")
    parser.add_argument("--keep", action="store_true", help="leave the directory behind")
    sys.exit(main(parser.parse_args()))
