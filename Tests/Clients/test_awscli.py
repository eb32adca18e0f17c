# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""aws-cli, s3 and s3api."""

import filecmp
import hashlib
import json
import os
import urllib.request

import pytest
from drydock import run
from files import content, tree_digest, write_tree


@pytest.fixture
def aws(server, directory):
    environment = server.client_environment(directory)

    def call(*arguments, **options):
        return run(["aws", *arguments], environment, **options)

    return call


def api(aws, *arguments):
    out = aws("s3api", *arguments).stdout
    return json.loads(out) if out.strip() else {}


def test_make_list_and_remove_a_bucket(aws):
    aws("s3", "mb", "s3://aws-made")
    assert "aws-made" in aws("s3", "ls").stdout
    aws("s3", "rb", "s3://aws-made")
    assert "aws-made" not in aws("s3", "ls").stdout


def test_copy_a_file_there_and_back(aws, bucket, directory):
    source, target = f"{directory}/source", f"{directory}/target"
    with open(source, "wb") as file:
        file.write(content("cp", 100_000))
    aws("s3", "cp", source, f"s3://{bucket}/some key")
    aws("s3", "cp", f"s3://{bucket}/some key", target)
    assert filecmp.cmp(source, target, shallow=False)


def test_copy_from_standard_input_and_to_standard_output(server, bucket, directory):
    import subprocess

    environment = server.client_environment(directory)
    data = content("stdin", 3 << 20)
    subprocess.run(["aws", "s3", "cp", "-", f"s3://{bucket}/stream"], input=data, env=environment, check=True)
    out = subprocess.run(["aws", "s3", "cp", f"s3://{bucket}/stream", "-"], env=environment, check=True, capture_output=True)
    assert out.stdout == data


@pytest.mark.parametrize("part_mebibytes, size_mebibytes", [(8, 40), (64, 150)])
def test_multipart_there_and_back(aws, bucket, directory, part_mebibytes, size_mebibytes):
    aws("configure", "set", "default.s3.multipart_chunksize", f"{part_mebibytes}MB")
    aws("configure", "set", "default.s3.multipart_threshold", f"{part_mebibytes}MB")
    source, target = f"{directory}/big", f"{directory}/back"
    with open(source, "wb") as file:
        for block in range(size_mebibytes):
            file.write(content(block, 1 << 20))
    aws("s3", "cp", source, f"s3://{bucket}/big")
    aws("s3", "cp", f"s3://{bucket}/big", target)
    assert filecmp.cmp(source, target, shallow=False)
    head = api(aws, "head-object", "--bucket", bucket, "--key", "big")
    parts = -(-size_mebibytes // part_mebibytes)
    assert head["ETag"].endswith(f'-{parts}"')


def test_sync_a_tree_both_ways_and_delete(aws, bucket, directory):
    source, target = f"{directory}/source", f"{directory}/target"
    write_tree(source)
    aws("s3", "sync", source, f"s3://{bucket}/tree")
    aws("s3", "sync", f"s3://{bucket}/tree", target)
    assert tree_digest(source) == tree_digest(target)
    os.unlink(f"{source}/one byte")
    aws("s3", "sync", "--delete", source, f"s3://{bucket}/tree")
    listing = aws("s3", "ls", "--recursive", f"s3://{bucket}/tree/").stdout
    assert "one byte" not in listing and "ünïcode" in listing
    assert "upload" not in aws("s3", "sync", source, f"s3://{bucket}/tree").stdout


def test_move_and_remove(aws, bucket, directory):
    path = f"{directory}/file"
    with open(path, "wb") as file:
        file.write(b"moved")
    aws("s3", "mv", path, f"s3://{bucket}/first")
    assert not os.path.exists(path)
    aws("s3", "mv", f"s3://{bucket}/first", f"s3://{bucket}/second")
    keys = [entry["Key"] for entry in api(aws, "list-objects-v2", "--bucket", bucket)["Contents"]]
    assert keys == ["second"]
    aws("s3", "rm", "--recursive", f"s3://{bucket}")
    assert "Contents" not in api(aws, "list-objects-v2", "--bucket", bucket)


def test_presigned_url(aws, bucket, directory):
    with open(f"{directory}/file", "wb") as file:
        file.write(b"signed")
    aws("s3", "cp", f"{directory}/file", f"s3://{bucket}/signed")
    aws("configure", "set", "default.s3.signature_version", "s3v4")
    url = aws("s3", "presign", f"s3://{bucket}/signed", "--expires-in", "60").stdout.strip()
    assert urllib.request.urlopen(url).read() == b"signed"


def test_ranges(aws, bucket, directory):
    data = content("range", 5_000_000)
    with open(f"{directory}/file", "wb") as file:
        file.write(data)
    api(aws, "put-object", "--bucket", bucket, "--key", "range", "--body", f"{directory}/file")
    for name, expected in {
        "bytes=0-9": data[:10],
        "bytes=-100": data[-100:],
        "bytes=1048570-1048590": data[1_048_570:1_048_591],
        "bytes=4999999-": data[-1:],
    }.items():
        api(aws, "get-object", "--bucket", bucket, "--key", "range", "--range", name, f"{directory}/out")
        with open(f"{directory}/out", "rb") as file:
            assert file.read() == expected


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums(aws, bucket, directory, algorithm):
    with open(f"{directory}/file", "wb") as file:
        file.write(content(algorithm, 200_000))
    put = api(aws, "put-object", "--bucket", bucket, "--key", algorithm, "--body", f"{directory}/file",
              "--checksum-algorithm", algorithm)
    head = api(aws, "head-object", "--bucket", bucket, "--key", algorithm, "--checksum-mode", "ENABLED")
    assert head[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]


def test_multipart_by_hand(aws, bucket, directory):
    first, second = content("p1", 5 << 20), content("p2", 1_000)
    upload = api(aws, "create-multipart-upload", "--bucket", bucket, "--key", "hand")["UploadId"]
    parts = []
    for number, data in enumerate([first, second], 1):
        with open(f"{directory}/part", "wb") as file:
            file.write(data)
        answer = api(aws, "upload-part", "--bucket", bucket, "--key", "hand", "--upload-id", upload,
                     "--part-number", str(number), "--body", f"{directory}/part")
        assert answer["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
        parts.append({"ETag": answer["ETag"], "PartNumber": number})
    assert len(api(aws, "list-parts", "--bucket", bucket, "--key", "hand", "--upload-id", upload)["Parts"]) == 2
    assert api(aws, "list-multipart-uploads", "--bucket", bucket)["Uploads"][0]["UploadId"] == upload
    api(aws, "complete-multipart-upload", "--bucket", bucket, "--key", "hand", "--upload-id", upload,
        "--multipart-upload", json.dumps({"Parts": parts}))
    api(aws, "get-object", "--bucket", bucket, "--key", "hand", f"{directory}/out")
    with open(f"{directory}/out", "rb") as file:
        assert file.read() == first + second


def test_an_operation_that_is_not_there_says_so(aws, bucket):
    result = aws("s3api", "put-bucket-versioning", "--bucket", bucket, "--versioning-configuration", "Status=Enabled",
                 check=False)
    assert result.returncode != 0 and "NotImplemented" in result.stderr
