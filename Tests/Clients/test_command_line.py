# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""The binary's own contract: flags, environment, file, ports, locks, credentials, admin port, TLS."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
import pytest
from conftest import client
from drydock import BINARY, Drydock
from files import content


def drydock(*arguments, environment=None, **options):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=30,
                          env={**os.environ, **(environment or {})}, **options)


def test_help_shows_an_example_for_every_verb():
    for verb in ["serve", "fsck", "gc", "scrub", "stats"]:
        out = drydock(verb, "--help")
        assert out.returncode == 0 and f"drydock {verb}" in out.stdout


def test_print_config_masks_the_secret(directory):
    out = drydock("serve", "--print-config", "--data", directory, environment={
        "DRYDOCK_ROOT_ACCESS_KEY": "ada", "DRYDOCK_ROOT_SECRET_KEY": "correct horse", "DRYDOCK_S3_PORT": "1234"})
    assert out.returncode == 0
    assert "s3-port: 1234" in out.stdout and f"data: {directory}" in out.stdout
    assert "correct horse" not in out.stdout + out.stderr


def test_the_file_is_read_and_flags_win(directory):
    with open(f"{directory}/drydock.yaml", "w") as file:
        file.write("s3-port: 1111\nregion: eu-test-1\n")
    out = drydock("serve", "--print-config", "--config", f"{directory}/drydock.yaml", "--s3-port", "2222")
    assert "s3-port: 2222" in out.stdout and "region: eu-test-1" in out.stdout


@pytest.mark.parametrize("arguments, sentence", [
    (["--s3-port", "abc"], "s3-port is 'abc'"),
    (["--roles", "storage,nonsense"], "role 'nonsense'"),
    (["--config", "/none/drydock.yaml"], "/none/drydock.yaml"),
    (["--bind", "999.1.1.1"], "999.1.1.1"),
    (["--tls-certificate", "/none.pem", "--tls-key", "/none.key"], "/none.pem"),
    (["--data", "/proc/none"], "/proc/none"),
])
def test_bad_configuration_is_one_clear_sentence(directory, arguments, sentence):
    base = ["--data", f"{directory}/data", "--s3-port", "0", "--registry-port", "0", "--admin-port", "0"]
    out = drydock("serve", *base, *arguments)
    assert out.returncode != 0
    assert sentence in out.stderr
    assert "Fatal" not in out.stderr


def test_an_unknown_key_in_the_file_is_refused(directory):
    with open(f"{directory}/drydock.yaml", "w") as file:
        file.write("s3port: 1111\n")
    out = drydock("serve", "--print-config", "--config", f"{directory}/drydock.yaml")
    assert out.returncode != 0 and "unknown key 's3port'" in out.stderr


def test_a_port_in_use_is_named(directory):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        out = drydock("serve", "--data", f"{directory}/data", "--s3-port", str(port), "--registry-port", "0",
                      "--admin-port", "0")
    assert out.returncode != 0 and str(port) in out.stderr


def test_a_second_start_on_the_same_data_names_the_holder():
    with Drydock.temporary() as running:
        out = drydock("serve", "--data", running.data, "--s3-port", "0", "--registry-port", "0", "--admin-port", "0")
        assert out.returncode != 0 and str(running.pid) in out.stderr
        # A verb that can't find the server's admin port does without the server, as if it were stopped.
        os.unlink(f"{running.data}/run/ports.json")
        assert str(running.pid) in running.verb("fsck", check=False).stderr


def test_a_newer_format_is_refused(directory):
    data = f"{directory}/data"
    running = Drydock(data)
    running.start()
    running.stop()
    with open(f"{data}/FORMAT") as file:
        text = file.read()
    with open(f"{data}/FORMAT", "w") as file:
        file.write(re.sub(r"\d+", "99", text, count=1))
    out = drydock("serve", "--data", data, "--s3-port", "0", "--registry-port", "0", "--admin-port", "0")
    assert out.returncode != 0 and "format" in out.stderr.lower() and "99" in out.stderr


def test_credentials_are_generated_once_and_said_once(directory):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRYDOCK")}
    said = []
    for _ in range(2):
        log = open(f"{directory}/log", "w+")
        process = subprocess.Popen(
            [BINARY, "serve", "--data", f"{directory}/data", "--s3-port", "0", "--registry-port", "0", "--admin-port", "0"],
            env=environment, stdout=log, stderr=log)
        path = f"{directory}/data/run/ports.json"
        for _ in range(200):
            if os.path.exists(path) and json.load(open(path))["pid"] == process.pid:
                break
            import time

            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        log.seek(0)
        said.append(log.read())
    credential = json.load(open(f"{directory}/data/root-credentials.json"))
    assert os.stat(f"{directory}/data/root-credentials.json").st_mode & 0o777 == 0o600
    assert credential["secretKey"] in said[0] and credential["secretKey"] not in said[1]


def test_admin_port_answers_health_readiness_and_metrics(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="x", Body=b"x")
    for path in ["/healthz", "/readyz"]:
        assert urllib.request.urlopen(server.admin_url + path).status == 200
    text = urllib.request.urlopen(server.admin_url + "/metrics").read().decode()
    assert re.search(r'drydock_s3_requests_total\{.*operation="PutObject".*\} [1-9]', text)
    assert "process_resident_memory_bytes" in text
    for line in text.splitlines():
        assert re.fullmatch(r"#.*|[a-z0-9_]+(\{[^}]*\})? [-+.0-9eE]+|", line), line


def test_logs_are_structured_and_hold_no_secret(server, s3, bucket):
    s3.put_object(Bucket=bucket, Key="logged key", Body=b"x")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "logged key"})
    urllib.request.urlopen(url).read()
    import time

    time.sleep(0.3)
    text = server.log_text()
    entries = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    ours = [entry for entry in entries if entry.get("key") == "logged key" and entry.get("operation") == "PutObject"]
    assert ours and ours[0]["bucket"] == bucket and ours[0]["status"] == "200" and ours[0]["request-id"]
    assert server.secret_key not in text
    signature = re.search(r"X-Amz-Signature=([0-9a-f]+)", url).group(1)
    assert signature not in text


def test_tls(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{directory}/key.pem",
                    "-out", f"{directory}/cert.pem"], check=True, capture_output=True)
    running = Drydock(f"{directory}/data", "--tls-certificate", f"{directory}/cert.pem", "--tls-key", f"{directory}/key.pem")
    running.is_ready = lambda: True
    running.start()
    try:
        s3 = boto3.client(
            "s3", endpoint_url=f"https://127.0.0.1:{running.ports['s3']}", aws_access_key_id=running.access_key,
            aws_secret_access_key=running.secret_key, region_name="us-east-1", verify=f"{directory}/cert.pem",
            config=botocore.config.Config(s3={"addressing_style": "path"}))
        s3.create_bucket(Bucket="over-tls")
        s3.put_object(Bucket="over-tls", Key="x", Body=b"secret" * 1_000_000)
        assert s3.get_object(Bucket="over-tls", Key="x")["Body"].read() == b"secret" * 1_000_000
        context = ssl.create_default_context(cafile=f"{directory}/cert.pem")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"https://127.0.0.1:{running.ports['registry']}/v2/", context=context)
        assert caught.value.code == 401
    finally:
        running.stop()


def test_offline_verbs_report_as_json(directory):
    running = Drydock(f"{directory}/data")
    running.start()
    running.stop()
    for verb in ["fsck", "gc", "stats"]:
        json.loads(running.verb(verb, "--json").stdout)
    assert json.loads(running.verb("gc", "--dry-run", "--json").stdout)["reclaimedBytes"] == 0
    assert running.verb("stats").stdout


def test_no_secret_in_the_most_talkative_log():
    with Drydock.temporary("--log-level", "trace") as server:
        client(server).create_bucket(Bucket="quiet")
        server.stop()
        log = server.log_text()
        assert "CreateBucket" in log
        assert server.secret_key not in log


def test_a_failed_start_does_not_use_up_the_words_about_the_new_key():
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DRYDOCK_")}
    with tempfile.TemporaryDirectory() as base, socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        data, port = f"{base}/data", busy.getsockname()[1]
        command = [BINARY, "serve", "--data", data, "--registry-port", "0", "--admin-port", "0", "--s3-port"]
        failed = subprocess.run([*command, str(port)], capture_output=True, text=True, timeout=30, env=environment)
        assert failed.returncode != 0
        assert failed.stderr.strip() == f"Error: can't listen for s3 on 127.0.0.1 port {port}: Address already in use"
        assert not os.path.exists(f"{data}/root-credentials.json")
        running = subprocess.Popen([*command, "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
        try:
            said = "".join(iter(running.stdout.readline, "Try:\n"))
            assert "said this once" in said
            assert f"secret key   {json.load(open(f'{data}/root-credentials.json'))['secretKey']}" in said
        finally:
            running.terminate()
            assert running.wait(timeout=30) == 0
        assert not os.path.exists(f"{data}/run/ports.json")


def test_nobody_else_reads_the_store_in_a_directory_made_by_another():
    with tempfile.TemporaryDirectory() as base:
        os.mkdir(f"{base}/data", 0o755)
        server = Drydock(f"{base}/data")
        server.start()
        client(server).create_bucket(Bucket="private")
        client(server).put_object(Bucket="private", Key="k", Body=b"small and secret")
        server.stop()
        for directory, _, files in os.walk(f"{base}/data/metadata"):
            assert os.stat(directory).st_mode & 0o077 == 0
            assert all(os.stat(os.path.join(directory, name)).st_mode & 0o077 == 0 for name in files)


def test_offline_verbs_read_the_configuration_file_and_leave_other_directories_alone():
    with Drydock.temporary() as server:
        server.stop()
        with tempfile.TemporaryDirectory() as base:
            with open(f"{base}/drydock.yaml", "w") as file:
                file.write(f"data: {server.data}\n")
            done = subprocess.run([BINARY, "stats", "--json"], capture_output=True, text=True,
                                  env={**os.environ, "DRYDOCK_CONFIG": f"{base}/drydock.yaml"})
            assert done.returncode == 0, done.stderr
            os.mkdir(f"{base}/other")
            assert subprocess.run([BINARY, "stats", "--data", f"{base}/other"], capture_output=True).returncode != 0
            assert os.listdir(f"{base}/other") == []


def test_the_registrys_bucket_is_out_of_reach_of_s3():
    with Drydock.temporary() as server:
        s3 = client(server)
        s3.create_bucket(Bucket="mine")
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["mine"]
        for call in [
            lambda: s3.list_objects_v2(Bucket="drydock-registry"),
            lambda: s3.put_object(Bucket="drydock-registry", Key="k", Body=b"x"),
            lambda: s3.delete_bucket(Bucket="drydock-registry"),
            lambda: s3.copy_object(Bucket="mine", Key="k", CopySource="drydock-registry/k"),
        ]:
            with pytest.raises(botocore.exceptions.ClientError) as refused:
                call()
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_damage_met_in_the_middle_of_an_answer_is_told():
    with Drydock.temporary() as server:
        s3 = client(server)
        s3.create_bucket(Bucket="rot")
        s3.put_object(Bucket="rot", Key="k", Body=content(1, 3 << 20))
        server.stop()
        pack = f"{server.data}/packs/00000001.pack"
        with open(pack, "r+b") as file:
            file.seek(os.path.getsize(pack) // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        server.start()
        with pytest.raises(Exception):
            client(server).get_object(Bucket="rot", Key="k")["Body"].read()
        with urllib.request.urlopen(f"{server.admin_url}/metrics") as page:
            metrics = page.read().decode()
        assert 'drydock_s3_requests_total{operation="GetObject",status="5xx"}' in metrics
        assert "00000001.pack offset" in server.log_text()


def test_metrics_tell_of_the_registry():
    with Drydock.temporary() as server:
        for path in ["/v2/", "/v2/team/app/tags/list"]:
            subprocess.run(["curl", "-s", "-u", f"{server.access_key}:{server.secret_key}",
                            f"http://{server.registry}{path}"], capture_output=True, check=True)
        subprocess.run(["curl", "-s", "-X", "BREW", f"http://{server.registry}/v2/"], capture_output=True, check=True)
        with urllib.request.urlopen(f"{server.admin_url}/metrics") as page:
            metrics = page.read().decode()
        assert 'drydock_registry_requests_total{method="GET",status="2xx"} 1' in metrics
        assert 'drydock_registry_requests_total{method="GET",status="4xx"} 1' in metrics
        assert 'method="other"' in metrics and "BREW" not in metrics
