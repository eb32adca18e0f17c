# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""The server under test as a process."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("DRYDOCK_BINARY", str(TOP / ".build/release/drydock"))
ACCESS_KEY = "clienttests"
SECRET_KEY = "client-tests-secret"


class Drydock:
    """One `drydock serve` on free loopback ports."""

    access_key = ACCESS_KEY
    secret_key = SECRET_KEY

    def __init__(self, data, *arguments, environment=None):
        self.data = data
        self.arguments = arguments
        self.environment = environment or {}
        self.process = None
        self.ports = {}
        self.log_path = data + ".log"

    @classmethod
    @contextlib.contextmanager
    def temporary(cls, *arguments, **options):
        base = tempfile.mkdtemp(prefix="drydock-server-")
        running = cls(os.path.join(base, "data"), *arguments, **options)
        running.start()
        try:
            yield running
        finally:
            running.stop()
            shutil.rmtree(base, ignore_errors=True)

    def start(self, wait_seconds=20):
        ports_file = os.path.join(self.data, "run/ports.json")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(ports_file)
        environment = {
            **os.environ,
            "DRYDOCK_ROOT_ACCESS_KEY": ACCESS_KEY,
            "DRYDOCK_ROOT_SECRET_KEY": SECRET_KEY,
            **self.environment,
        }
        command = [BINARY, "serve", "--data", self.data, "--s3-port", "0", "--registry-port", "0", "--admin-port", "0"]
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [*command, *self.arguments], env=environment, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL
        )
        deadline = time.monotonic() + wait_seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"drydock exited with {self.process.returncode}: {self.log_text()[-2000:]}")
            with contextlib.suppress(OSError, ValueError):
                with open(ports_file) as file:
                    self.ports = json.load(file)
                if self.ports["pid"] == self.process.pid and self.is_ready():
                    return
            time.sleep(0.002)
        raise RuntimeError(f"drydock did not start: {self.log_text()[-2000:]}")

    def is_ready(self):
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{self.admin_url}/readyz", timeout=2).status == 200
        return False

    def stop(self, expect=0):
        """SIGTERM; the server must drain and exit with `expect`."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.log.close()
        self.process = None
        assert code == expect, f"exit status {code}: {self.log_text()[-2000:]}"

    def kill(self):
        """kill -9, as a crash of the process would."""
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.process = None

    def log_text(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def verb(self, *arguments, check=True):
        """An offline verb on this (stopped) server's data."""
        return subprocess.run(
            [BINARY, *arguments, "--data", self.data], capture_output=True, text=True, check=check, timeout=600
        )

    @property
    def pid(self):
        return self.process.pid

    @property
    def s3_url(self):
        return f"http://127.0.0.1:{self.ports['s3']}"

    @property
    def admin_url(self):
        return f"http://127.0.0.1:{self.ports['admin']}"

    @property
    def registry(self):
        return f"127.0.0.1:{self.ports['registry']}"

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0

    def client_environment(self, home):
        """What command-line clients read; a home of their own keeps the user's settings out."""
        return {
            "PATH": os.path.dirname(os.sys.executable) + ":" + os.environ["PATH"],
            "HOME": home,
            "LANG": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.s3_url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def run(command, environment, check=True, timeout=300, **options):
    """Runs a client; its output is in the failure if it fails."""
    result = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, **options
    )
    if check and result.returncode != 0:
        raise AssertionError(f"{command} exited with {result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}")
    return result
