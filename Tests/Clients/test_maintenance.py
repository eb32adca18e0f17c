# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""Space comes back and damage is found while the store is in use."""

import io
import json
import os
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from boto3.s3.transfer import TransferConfig
from conftest import client
from drydock import BINARY, TOP, Drydock
from files import content


def used_bytes(data):
    """What the packs take on the drive; holes take nothing."""
    packs = os.path.join(data, "packs")
    return sum(os.stat(os.path.join(packs, name)).st_blocks * 512 for name in os.listdir(packs))


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.25)
    return False


def metric(server, name):
    """None when the page has no such sample."""
    page = urllib.request.urlopen(f"{server.admin_url}/metrics", timeout=5).read().decode()
    return next((float(line.split()[1]) for line in page.splitlines() if line.startswith(name + " ")), None)


@pytest.fixture
def own():
    with Drydock.temporary("--log-level", "debug") as server:
        s3 = client(server)
        s3.create_bucket(Bucket="bucket")
        yield server, s3


@pytest.mark.parametrize("lost", ["metadata", "metadata/CURRENT"])
def test_a_start_without_the_metadata_touches_nothing(own, lost):
    server, s3 = own
    s3.put_object(Bucket="bucket", Key="key", Body=content(1, 300_000))
    server.stop()
    aside = server.data + ".aside"
    os.rename(os.path.join(server.data, lost), aside)
    before = sorted((top, sorted(names)) for top, _, names in os.walk(server.data))
    for arguments in (["serve", "--s3-port", "0"], ["gc"], ["fsck"]):
        result = subprocess.run(
            [BINARY, *arguments, "--data", server.data], capture_output=True, text=True, timeout=60
        )
        assert result.returncode == 1 and "CURRENT is missing" in result.stderr, result.stderr
    assert sorted((top, sorted(names)) for top, _, names in os.walk(server.data)) == before
    os.rename(aside, os.path.join(server.data, lost))
    server.start()
    assert client(server).get_object(Bucket="bucket", Key="key")["Body"].read() == content(1, 300_000)


def test_a_damaged_metadata_log_stops_collections_until_it_is_moved_away(own):
    server, s3 = own
    for key in range(20):
        s3.put_object(Bucket="bucket", Key=f"key{key}", Body=content(key, 300_000))
    server.kill()
    directory = os.path.join(server.data, "metadata")
    log = max((os.path.join(directory, name) for name in os.listdir(directory) if name.endswith(".log")), key=os.path.getsize)
    with open(log, "r+b") as file:
        file.seek(os.path.getsize(log) // 2)
        file.write(b"\x55\xaa\x55")
    packs = {entry.path: entry.stat().st_size for entry in os.scandir(os.path.join(server.data, "packs"))}
    assert server.verb("fsck", check=False).returncode == 1
    server.start()
    assert metric(server, "drydock_store_log_damaged") == 1
    assert "damage at the start" in server.log_text()
    left = [entry["Key"] for entry in client(server).list_objects_v2(Bucket="bucket")["Contents"]]
    assert 0 < len(left) < 20
    client(server).delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": key} for key in left]})
    refused = server.verb("gc", check=False)
    assert refused.returncode == 1 and "kept" in refused.stderr, refused.stderr
    for path, size in packs.items():
        assert os.path.getsize(path) >= size
    server.stop()
    os.rename(os.path.join(server.data, "kept"), server.data + ".kept")
    server.start()
    assert metric(server, "drydock_store_log_damaged") == 0
    assert server.verb("gc").returncode == 0 and server.verb("fsck").returncode == 0


def test_deleted_space_comes_back_while_clients_work(own):
    server, s3 = own
    stop = threading.Event()
    failures = []

    def work():
        mine, number = client(server), 0
        while not stop.is_set():
            body = content(number % 7, 300_000)
            mine.put_object(Bucket="bucket", Key="live", Body=body)
            if mine.get_object(Bucket="bucket", Key="live")["Body"].read() != body:
                failures.append(number)
            number += 1

    kept = content(1, 24 << 20)
    s3.put_object(Bucket="bucket", Key="kept", Body=kept)
    for index in range(4):
        s3.put_object(Bucket="bucket", Key=f"gone/{index}", Body=content(100 + index, 24 << 20))
    full = used_bytes(server.data)
    assert full > 110 << 20
    worker = threading.Thread(target=work)
    worker.start()
    try:
        for index in range(4):
            s3.delete_object(Bucket="bucket", Key=f"gone/{index}")
        assert wait_for(lambda: used_bytes(server.data) < 45 << 20, 60), used_bytes(server.data)
    finally:
        stop.set()
        worker.join()
    assert not failures
    assert s3.get_object(Bucket="bucket", Key="kept")["Body"].read() == kept
    assert metric(server, "drydock_gc_chunks_total") > 100
    # The census comes some seconds after the start.
    assert wait_for(lambda: metric(server, 'drydock_bucket_objects{bucket="bucket"}') is not None, 40)
    assert metric(server, "drydock_store_deduplicated_bytes") > 24 << 20
    for name in ["deduplicated_bytes", "compressed_bytes", "exclusive_bytes"]:
        assert metric(server, f'drydock_bucket_{name}{{bucket="bucket"}}') > 24 << 20
    assert metric(server, 'drydock_bucket_relative_error{bucket="bucket"}') == 0
    server.stop()
    assert json.loads(server.verb("fsck", "--json").stdout)["clean"]
    server.start()


def test_a_reader_of_a_deleted_object_gets_it_whole(own):
    server, s3 = own
    body = content(3, 40 << 20)
    s3.put_object(Bucket="bucket", Key="k", Body=body)
    reading = s3.get_object(Bucket="bucket", Key="k")["Body"]
    head = reading.read(1 << 20)
    s3.delete_object(Bucket="bucket", Key="k")
    out = json.loads(server.verb("gc", "--min-garbage", "0", "--json").stdout)
    assert out["postponedContents"] == 1 and out["reclaimedContents"] == 0
    assert head + reading.read() == body
    assert wait_for(lambda: used_bytes(server.data) < 1 << 20, 30)


def test_recompression_saves_space_and_changes_no_byte(own):
    server, s3 = own
    body = b"".join(path.read_bytes() for path in sorted((TOP / "Sources").rglob("*.swift")))
    s3.put_object(Bucket="bucket", Key="text", Body=body)
    before = json.loads(server.verb("stats", "--json").stdout)["compressedBytes"]
    out = json.loads(server.verb("gc", "--recompress", "--json").stdout)
    after = json.loads(server.verb("stats", "--json").stdout)["compressedBytes"]
    assert out["recompressedPacks"] == 1 and out["savedBytes"] == before - after > before // 20
    assert s3.get_object(Bucket="bucket", Key="text")["Body"].read() == body
    assert s3.get_object(Bucket="bucket", Key="text", Range="bytes=300000-300099")["Body"].read() == body[300000:300100]
    assert json.loads(server.verb("gc", "--recompress", "--json").stdout)["recompressedPacks"] == 0


def test_parts_of_any_size_are_stored_once(own):
    server, s3 = own
    size = 64 << 20
    body = content(4, size)
    part_sizes = {f"{count}": count << 20 for count in (5, 8, 16)}
    for key, part_size in part_sizes.items():
        transfer = TransferConfig(multipart_threshold=part_size, multipart_chunksize=part_size)
        s3.upload_fileobj(io.BytesIO(body), "bucket", key, Config=transfer)
    s3.put_object(Bucket="bucket", Key="plain", Body=body)
    reading = s3.get_object(Bucket="bucket", Key="8")["Body"]
    head = reading.read(1 << 20)
    server.verb("gc", "--recompress")
    assert head + reading.read() == body

    def stored():
        stats = json.loads(server.verb("stats", "--json").stdout)
        return stats["logicalBytes"], stats["deduplicatedBytes"]

    # Once nobody reads the old chunks there is one copy, to the byte.
    assert wait_for(lambda: stored() == (4 * size, size), 30)
    server.verb("gc", "--min-garbage", "0")
    assert used_bytes(server.data) < size * 101 // 100
    for key, part_size in part_sizes.items():
        got = s3.get_object(Bucket="bucket", Key=key)
        assert got["Body"].read() == body and got["ETag"].endswith(f'-{-(-size // part_size)}"')
        part = s3.get_object(Bucket="bucket", Key=key, PartNumber=2)
        assert part["Body"].read() == body[part_size:2 * part_size]
        edge = s3.get_object(Bucket="bucket", Key=key, Range=f"bytes={part_size - 10}-{part_size + 9}")
        assert edge["Body"].read() == body[part_size - 10:part_size + 10]
    assert s3.get_object(Bucket="bucket", Key="plain")["Body"].read() == body
    server.verb("fsck")


def test_verbs_work_on_a_running_store(own):
    server, s3 = own
    s3.put_object(Bucket="bucket", Key="a", Body=content(1, 3 << 20))
    s3.put_object(Bucket="bucket", Key="a2", Body=content(1, 3 << 20))
    s3.put_object(Bucket="bucket", Key="small", Body=b"x" * 100)
    stats = json.loads(server.verb("stats", "--json").stdout)
    assert stats["logicalBytes"] == 6 << 20 and stats["deduplicatedBytes"] == 3 << 20
    stored = (3 << 20) + 100
    assert {
        "name": "bucket", "objects": 3, "logicalBytes": (6 << 20) + 100, "deduplicatedBytes": stored,
        "compressedBytes": stored, "exclusiveBytes": stored, "uploads": 0, "uploadBytes": 0, "relativeError": 0,
    } in stats["buckets"]
    assert stats["inlineBytes"] == 100 and stats["waitingBytes"] == 0
    dry = json.loads(server.verb("gc", "--dry-run", "--json").stdout)
    assert dry["dryRun"] and dry["reclaimedContents"] == 0
    assert "never" in server.verb("scrub").stdout
    scrub = json.loads(server.verb("scrub", "--now", "--json").stdout)
    assert scrub["damaged"] == 0 and scrub["inlineObjects"] == 1 and scrub["verifiedBytes"] > 3 << 20
    assert scrub["completed"] and "never" not in server.verb("scrub").stdout
    fsck = json.loads(server.verb("fsck", "--json").stdout)
    assert fsck["clean"] and fsck["objects"] == 3 and fsck["chunks"] == stats["chunks"] and fsck["verifiedBytes"] > 3 << 20
    server.stop()
    offline = json.loads(server.verb("fsck", "--json").stdout)
    assert {**offline, "verifiedBytes": 0} == {**fsck, "verifiedBytes": 0}
    assert json.loads(server.verb("stats", "--json").stdout)["chunks"] == stats["chunks"]
    assert json.loads(server.verb("scrub", "--now", "--json").stdout)["chunks"] == scrub["chunks"]
    server.start()


def test_verbs_find_a_server_that_is_bound_to_a_name():
    with Drydock.temporary("--bind", "localhost") as server:
        assert json.loads(server.verb("stats", "--json").stdout)["packs"] == 0


def test_no_verb_asks_whom_a_killed_server_left_its_port(own):
    server, _ = own
    port = server.ports["admin"]
    server.kill()
    with Drydock.temporary("--admin-port", str(port)):
        assert json.loads(server.verb("stats", "--json").stdout)["packs"] == 0


def waits_to_be_accepted(port):
    """Whether a connection to this port holds a request that nobody has read."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return any(int(row[1].split(":")[1], 16) == port and row[3] == "01" and int(row[4].split(":")[1], 16) for row in rows)


def test_a_client_that_hangs_up_ends_the_work_on_the_server(own):
    server, s3 = own

    def hang_up_on(*verb):
        """The server sees the request and the end of its client together: the work is begun and must not be done."""
        os.kill(server.pid, signal.SIGSTOP)
        try:
            asking = subprocess.Popen([BINARY, *verb, "--data", server.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert wait_for(lambda: waits_to_be_accepted(server.ports["admin"]), 20)
            # Not SIGINT, which is ignored by what a shell runs in the background.
            asking.terminate()
            assert asking.wait(timeout=20) != 0
        finally:
            os.kill(server.pid, signal.SIGCONT)

    body = b"".join(path.read_bytes() for path in sorted((TOP / "Sources").rglob("*.swift")))
    s3.put_object(Bucket="bucket", Key="text", Body=body)
    hang_up_on("gc", "--recompress")
    # Waits until nobody else collects.
    collected = json.loads(server.verb("gc", "--recompress", "--json").stdout)
    assert collected["recompressedPacks"] == 1 and collected["savedBytes"] > 0
    s3.put_object(Bucket="bucket", Key="random", Body=content(1, 64 << 20))
    for passes, verb in enumerate([("scrub", "--now"), ("fsck",)], 1):
        hang_up_on(*verb)
        assert server.verb(*verb).returncode == 0
        assert metric(server, "drydock_scrub_passes_total") == passes


def test_the_admin_verbs_need_the_token(own):
    server, _ = own
    path = os.path.join(server.data, "run/admin-token")
    assert os.stat(path).st_mode & 0o777 == 0o600
    for header in [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer " + open(path).read() + "0"}]:
        for verb in ["gc", "stats", "scrub", "none"]:
            request = urllib.request.Request(f"{server.admin_url}/v1/{verb}", method="POST", headers=header)
            with pytest.raises(urllib.error.HTTPError) as failure:
                urllib.request.urlopen(request, timeout=5)
            assert failure.value.code == 401


def damage(server, body):
    """Flips a bit of the first chunk of `body`."""
    with open(os.path.join(server.data, "packs/00000001.pack"), "r+b") as file:
        whole = file.read()
        place = whole.index(body[1_000:1_100])
        file.seek(place)
        file.write(bytes([whole[place] ^ 4]))


def test_a_scrub_names_the_objects_that_damage_concerns(own):
    server, s3 = own
    for index in range(3):
        s3.put_object(Bucket="bucket", Key=f"k/{index}", Body=content(index, 700_000))
    s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/k/1")
    damage(server, content(1, 700_000))

    def logged(sentence):
        return sum(sentence in line for line in server.log_text().splitlines())

    out = server.verb("scrub", "--now", "--json", check=False)
    assert out.returncode == 1
    report = json.loads(out.stdout)
    assert report["damaged"] == 1 and len(report["affected"]) == 2
    assert any("bucket/k/1:" in line for line in report["affected"]) and any("bucket/copy:" in line for line in report["affected"])
    assert metric(server, "drydock_scrub_findings_total") == 1
    assert wait_for(lambda: logged("damage found") == 1 and logged("damage concerns") == 2, 20)
    assert json.loads(server.verb("stats", "--json").stdout)["quarantinedFrames"] == 1
    running = server.verb("fsck", "--json", check=False)
    assert wait_for(lambda: logged("damage found") == 2 and logged("damage concerns") == 4, 20)
    server.stop()
    stopped = server.verb("fsck", "--json", check=False)
    for fsck in [running, stopped]:
        assert fsck.returncode == 1
        problems = json.loads(fsck.stdout)["problems"]
        assert len(problems) == 3 and any(problem.startswith("object bucket/k/1: chunk") for problem in problems)
        assert any(problem.startswith("object bucket/copy: chunk") for problem in problems)
    assert json.loads(running.stdout)["problems"] == json.loads(stopped.stdout)["problems"]
    server.start()


@pytest.mark.parametrize("verb", [("fsck",), ("scrub", "--now")])
def test_a_key_forges_no_line(own, verb):
    server, s3 = own
    upload = s3.create_multipart_upload(Bucket="bucket", Key="é\nresult: clean\x7f")["UploadId"]
    s3.upload_part(Bucket="bucket", Key="é\nresult: clean\x7f", UploadId=upload, PartNumber=7, Body=content(1, 300_000))
    damage(server, content(1, 300_000))
    said = server.verb(*verb, check=False).stdout
    assert r": part 7 of upload " in said and r" of bucket/é\nresult: clean\u{7F}: chunk " in said, said
    assert "\nresult: clean" not in said and "\x7f" not in said


def test_a_flipped_bit_in_a_small_file_is_noticed_or_of_no_account(directory):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRYDOCK_")}
    data = os.path.join(directory, "data")
    command = [BINARY, "serve", "--data", data, "--s3-port", "0", "--registry-port", "0", "--admin-port", "0"]

    def start():
        """What a start says: a sentence that refuses, or the credentials it uses."""
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: process.poll() is not None or os.path.exists(f"{data}/run/ports.json"), 20)
        process.terminate()
        sentence = process.communicate(timeout=60)[1]
        return sentence if process.returncode else None

    assert start() is None
    random_bits = random.Random(1)
    for name, share in [("FORMAT", 0.2), ("root-credentials.json", 0.05), ("run/admin-token", 0.02), ("reserve", 0)]:
        path = os.path.join(data, name)
        with open(path, "rb") as file:
            whole = file.read()
        bits = [bit for bit in range(len(whole) * 8) if random_bits.random() < share] if share else [12345]
        for bit in bits:
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            with open(path, "wb") as file:
                file.write(damaged)
            said = start()
            if name in ("FORMAT", "root-credentials.json"):
                # In the name of the checksum, which the file need not have, it changes nothing.
                is_same = said is None and all(
                    json.loads(damaged)[field] == json.loads(whole)[field] for field in ["accessKey", "secretKey"])
                assert is_same or name in said, (name, bit, said)
            else:
                # Written anew by each start, or read by nobody.
                assert said is None, (name, bit, said)
            with open(path, "wb") as file:
                file.write(whole)
    assert start() is None


def test_a_check_beside_writers_and_collections_reports_nothing_that_is_not_there(own):
    server, s3 = own
    stop = threading.Event()

    def write(number):
        mine, turn = client(server), 0
        while not stop.is_set():
            for size in [100, 40_000, 3 << 20]:
                mine.put_object(Bucket="bucket", Key=f"{number}/{turn % 5}/{size}", Body=content(turn % 11, size))
            mine.delete_object(Bucket="bucket", Key=f"{number}/{(turn + 2) % 5}/{40_000}")
            turn += 1

    def collect():
        while not stop.is_set():
            server.verb("gc", "--min-garbage", "0", "--recompress")

    workers = [threading.Thread(target=write, args=(number,)) for number in range(3)] + [threading.Thread(target=collect)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(12):
            report = server.verb("fsck", check=False)
            assert report.returncode == 0, report.stdout + report.stderr
    finally:
        stop.set()
        for worker in workers:
            worker.join()
