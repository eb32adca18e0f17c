# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""s3cmd, rclone, restic and s5cmd, as their users use them."""

import filecmp
import os

import pytest
from drydock import run
from files import content, tree_digest, write_tree


@pytest.fixture
def environment(server, directory):
    home = f"{directory}/home"
    os.makedirs(home)
    return server.client_environment(home)


@pytest.fixture
def s3cmd(server, environment):
    host = f"127.0.0.1:{server.ports['s3']}"
    options = ["--access_key", server.access_key, "--secret_key", server.secret_key, "--host", host,
               "--host-bucket", host, "--no-ssl", "--no-progress"]
    return lambda *arguments, **extra: run(["s3cmd", *options, *arguments], environment, **extra)


def test_s3cmd_put_get_list_delete(s3cmd, bucket, directory):
    source, target = f"{directory}/source", f"{directory}/target"
    with open(source, "wb") as file:
        file.write(content("s3cmd", 200_000))
    s3cmd("put", source, f"s3://{bucket}/a/key")
    assert f"s3://{bucket}/a/key" in s3cmd("ls", "--recursive", f"s3://{bucket}").stdout
    s3cmd("get", f"s3://{bucket}/a/key", target)
    assert filecmp.cmp(source, target, shallow=False)
    assert "MD5 sum" in s3cmd("info", f"s3://{bucket}/a/key").stdout
    s3cmd("del", f"s3://{bucket}/a/key")
    assert s3cmd("ls", "--recursive", f"s3://{bucket}").stdout.strip() == ""


def test_s3cmd_sync_and_multipart(s3cmd, bucket, directory):
    source, target = f"{directory}/source", f"{directory}/target"
    write_tree(source)
    with open(f"{source}/large", "wb") as file:
        file.write(content("large", 40 << 20))
    s3cmd("sync", f"{source}/", f"s3://{bucket}/tree/", "--multipart-chunk-size-mb", "8")
    os.makedirs(target)
    s3cmd("sync", f"s3://{bucket}/tree/", f"{target}/")
    assert tree_digest(source) == tree_digest(target)


def test_s3cmd_copy_move_and_buckets(s3cmd, bucket, directory):
    with open(f"{directory}/x", "wb") as file:
        file.write(b"x")
    s3cmd("put", f"{directory}/x", f"s3://{bucket}/x")
    s3cmd("cp", f"s3://{bucket}/x", f"s3://{bucket}/y")
    s3cmd("mv", f"s3://{bucket}/y", f"s3://{bucket}/z")
    listing = s3cmd("ls", f"s3://{bucket}").stdout
    assert "/x" in listing and "/z" in listing and "/y" not in listing
    s3cmd("mb", "s3://s3cmd-made")
    s3cmd("rb", "s3://s3cmd-made")


@pytest.fixture
def rclone(server, environment):
    environment |= {
        "RCLONE_CONFIG_DRY_TYPE": "s3", "RCLONE_CONFIG_DRY_PROVIDER": "Other",
        "RCLONE_CONFIG_DRY_ACCESS_KEY_ID": server.access_key,
        "RCLONE_CONFIG_DRY_SECRET_ACCESS_KEY": server.secret_key,
        "RCLONE_CONFIG_DRY_ENDPOINT": server.s3_url, "RCLONE_CONFIG_DRY_REGION": "us-east-1",
    }
    return lambda *arguments, **extra: run(["rclone", *arguments], environment, **extra)


def test_rclone_sync_and_check_by_download(rclone, bucket, directory):
    source, target = f"{directory}/source", f"{directory}/target"
    write_tree(source)
    with open(f"{source}/large", "wb") as file:
        file.write(content("large", 25 << 20))
    rclone("sync", source, f"dry:{bucket}/tree", "--s3-upload-cutoff", "8M", "--s3-chunk-size", "5M")
    rclone("check", "--download", source, f"dry:{bucket}/tree")
    rclone("check", source, f"dry:{bucket}/tree")
    rclone("sync", f"dry:{bucket}/tree", target)
    assert tree_digest(source) == tree_digest(target)
    os.unlink(f"{source}/large")
    rclone("sync", source, f"dry:{bucket}/tree")
    assert "large" not in rclone("lsf", "-R", f"dry:{bucket}/tree").stdout


def test_rclone_moves_and_purges(rclone, bucket, directory):
    with open(f"{directory}/data", "wb") as file:
        file.write(content("move", 7 << 20))
    rclone("copyto", f"{directory}/data", f"dry:{bucket}/dir/data")
    rclone("moveto", f"dry:{bucket}/dir/data", f"dry:{bucket}/moved")
    assert rclone("lsf", "-R", "--files-only", f"dry:{bucket}").stdout.split() == ["moved"]
    rclone("purge", f"dry:{bucket}")


@pytest.fixture
def restic(server, environment, bucket, directory):
    environment |= {
        "RESTIC_REPOSITORY": f"s3:{server.s3_url}/{bucket}/repository", "RESTIC_PASSWORD": "test",
        "RESTIC_CACHE_DIR": f"{directory}/cache",
    }
    return lambda *arguments, **extra: run(["restic", *arguments], environment, **extra)


def test_restic_backs_up_restores_checks_and_prunes(restic, directory):
    source, target = f"{directory}/source", f"{directory}/target"
    write_tree(source)
    with open(f"{source}/large", "wb") as file:
        file.write(content("large", 30 << 20))
    restic("init")
    restic("backup", source)
    with open(f"{source}/large", "r+b") as file:
        file.seek(10 << 20)
        file.write(content("changed", 1 << 20))
    restic("backup", source)
    restic("check", "--read-data")
    restic("restore", "latest", "--target", target)
    assert tree_digest(source) == tree_digest(target + source)
    restic("forget", "--keep-last", "1", "--prune")
    restic("check", "--read-data")


def test_s5cmd_copies_in_parallel(server, environment, bucket, directory):
    source, target = f"{directory}/source", f"{directory}/target"
    write_tree(source)
    environment |= {"S3_ENDPOINT_URL": server.s3_url}
    run(["s5cmd", "cp", f"{source}/", f"s3://{bucket}/tree/"], environment)
    run(["s5cmd", "cp", f"s3://{bucket}/tree/*", f"{target}/"], environment)
    assert tree_digest(source) == tree_digest(target)
    run(["s5cmd", "rm", f"s3://{bucket}/tree/*"], environment)
    assert run(["s5cmd", "ls", f"s3://{bucket}/*"], environment, check=False).stdout.strip() == ""
