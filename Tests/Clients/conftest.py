# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""Starts real servers for real clients: loopback, free ports, temporary directories, stopped by pid."""

import os
import shutil
import tempfile

import boto3
import botocore.config
import pytest

from drydock import Drydock


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: minutes or many gigabytes; run by make conformance")


@pytest.fixture(scope="session")
def server():
    """One server for all tests that only use it as a client would."""
    with Drydock.temporary() as running:
        yield running


@pytest.fixture
def directory():
    path = tempfile.mkdtemp(prefix="drydock-client-")
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def s3(server):
    return client(server)


def client(server, **options):
    settings = {
        "s3": {"addressing_style": "path"}, "signature_version": "s3v4", "retries": {"max_attempts": 1}, **options,
    }
    return boto3.client(
        "s3",
        endpoint_url=server.s3_url,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
        config=botocore.config.Config(**settings),
    )


_counter = iter(range(1_000_000))


@pytest.fixture
def bucket(s3):
    """An empty bucket of the test's own."""
    name = f"test-{os.getpid()}-{next(_counter)}"
    s3.create_bucket(Bucket=name)
    return name
