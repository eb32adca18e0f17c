# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""A table of behaviours seen through boto3; each name says what must hold."""

import base64
import concurrent.futures
import datetime
import hashlib
import io
import json

import botocore.exceptions
import pytest
from boto3.s3.transfer import TransferConfig
from conftest import client
from files import content

MEBIBYTE = 1 << 20


def status_of(call, code=None):
    """The HTTP status of a call that must fail."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call()
    if code:
        assert caught.value.response["Error"]["Code"] == code, caught.value.response
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def put(s3, bucket, key, body=b"x", **options):
    return s3.put_object(Bucket=bucket, Key=key, Body=body, **options)


def get(s3, bucket, key, **options):
    return s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read()


def keys(answer):
    return [entry["Key"] for entry in answer.get("Contents", [])]


# Buckets


def test_a_bucket_is_listed_with_its_creation_date(s3, bucket):
    found = [entry for entry in s3.list_buckets()["Buckets"] if entry["Name"] == bucket]
    age = datetime.datetime.now(datetime.timezone.utc) - found[0]["CreationDate"]
    assert abs(age.total_seconds()) < 60


def test_head_bucket_names_the_region(s3, bucket):
    headers = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-bucket-region"] == "us-east-1"


def test_head_of_a_missing_bucket_is_404(s3):
    assert status_of(lambda: s3.head_bucket(Bucket="no-such-bucket-here")) == 404


def test_creating_an_own_bucket_again_succeeds_in_us_east_1(s3, bucket):
    s3.create_bucket(Bucket=bucket)


def test_empty_objects_on_one_connection(server):
    """botocore takes a final answer in place of 100 for the status of every later one on the connection."""
    s3 = client(server, max_pool_connections=1)
    name = "empty-objects-on-one-connection"
    s3.create_bucket(Bucket=name)
    for number in range(4):
        body = b"x" * (number % 2)
        answer = s3.put_object(Bucket=name, Key=f"k{number}", Body=body)
        assert answer["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'


def test_location_of_us_east_1_is_empty(s3, bucket):
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None


@pytest.mark.parametrize("name", ["UPPER", "a_b", "ab", "a..b", "-ab", "192.168.1.1", "xn--abc", "a" * 64])
def test_bad_bucket_names_are_refused(server, name):
    import botocore.handlers

    s3 = client(server)
    s3.meta.events.unregister("before-parameter-build.s3", botocore.handlers.validate_bucket_name)
    assert status_of(lambda: s3.create_bucket(Bucket=name), "InvalidBucketName") == 400


def test_a_bucket_with_objects_is_not_deleted(s3, bucket):
    put(s3, bucket, "x")
    assert status_of(lambda: s3.delete_bucket(Bucket=bucket), "BucketNotEmpty") == 409
    s3.delete_object(Bucket=bucket, Key="x")
    s3.delete_bucket(Bucket=bucket)
    assert status_of(lambda: s3.delete_bucket(Bucket=bucket), "NoSuchBucket") == 404


def test_a_wrong_location_constraint_is_refused(s3):
    assert status_of(
        lambda: s3.create_bucket(Bucket="elsewhere-1", CreateBucketConfiguration={"LocationConstraint": "eu-west-9"})
    ) == 400


# Put, get, head


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 16 * 1024 + 1, 70_000, MEBIBYTE, MEBIBYTE + 1, 5_000_000])
def test_content_of_every_size_class_comes_back(s3, bucket, size):
    data = content(size, size)
    answer = put(s3, bucket, "object", data)
    assert answer["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    back = s3.get_object(Bucket=bucket, Key="object")
    assert back["ContentLength"] == size
    assert back["Body"].read() == data


def test_compressible_content_comes_back(s3, bucket):
    data = b"the same line again and again\n" * 200_000
    put(s3, bucket, "text", data)
    assert get(s3, bucket, "text") == data


@pytest.mark.parametrize(
    "key",
    ["a b", "a+b", "a%20b", "a//b", "/leading", "trailing/", "ünï", "日本語", "a&b<c>", "quote\"'", "?query#hash",
     ".", "..", "a/../b", "~!@$^*()_-=:;,", "\t tab", "x" * 1024],
)
def test_keys_of_all_kinds_round_trip(s3, bucket, key):
    put(s3, bucket, key, key.encode())
    assert get(s3, bucket, key) == key.encode()
    assert keys(s3.list_objects_v2(Bucket=bucket)) == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert keys(s3.list_objects_v2(Bucket=bucket)) == []


def test_a_key_above_1024_bytes_is_refused(s3, bucket):
    assert status_of(lambda: put(s3, bucket, "x" * 1025), "KeyTooLongError") == 400


def test_get_of_a_missing_key_is_404(s3, bucket):
    assert status_of(lambda: s3.get_object(Bucket=bucket, Key="none"), "NoSuchKey") == 404


def test_get_in_a_missing_bucket_is_404(s3):
    assert status_of(lambda: s3.get_object(Bucket="no-such-bucket-here", Key="none"), "NoSuchBucket") == 404


def test_user_metadata_round_trips_lower_cased(s3, bucket):
    put(s3, bucket, "meta", Metadata={"Author": "Ada", "empty": ""})
    assert s3.head_object(Bucket=bucket, Key="meta")["Metadata"] == {"author": "Ada", "empty": ""}


def test_user_metadata_above_2_kib_is_refused(s3, bucket):
    assert status_of(lambda: put(s3, bucket, "meta", Metadata={"k": "v" * 2048}), "MetadataTooLarge") == 400


def test_system_metadata_round_trips(s3, bucket):
    values = {
        "CacheControl": "max-age=60", "ContentDisposition": 'attachment; filename="x"', "ContentEncoding": "gzip",
        "ContentLanguage": "en", "ContentType": "text/plain; charset=utf-8",
    }
    put(s3, bucket, "system", **values)
    head = s3.head_object(Bucket=bucket, Key="system")
    assert {name: head[name] for name in values} == values


def test_the_default_content_type_is_binary(s3, bucket):
    put(s3, bucket, "plain")
    assert s3.head_object(Bucket=bucket, Key="plain")["ContentType"] == "binary/octet-stream"


def test_overwriting_replaces_content_and_metadata(s3, bucket):
    put(s3, bucket, "x", b"old", Metadata={"a": "1"})
    put(s3, bucket, "x", b"new")
    answer = s3.get_object(Bucket=bucket, Key="x")
    assert answer["Body"].read() == b"new" and answer["Metadata"] == {}


def test_response_overrides(s3, bucket):
    put(s3, bucket, "x")
    answer = s3.get_object(Bucket=bucket, Key="x", ResponseContentType="text/x", ResponseCacheControl="no-store")
    assert answer["ContentType"] == "text/x" and answer["CacheControl"] == "no-store"


def test_storage_class_is_kept(s3, bucket):
    put(s3, bucket, "x", StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="x")["StorageClass"] == "STANDARD_IA"


def test_an_unknown_storage_class_is_refused(s3, bucket):
    assert status_of(lambda: put(s3, bucket, "x", StorageClass="GOLD"), "InvalidStorageClass") == 400


def test_last_modified_agrees_between_head_and_list(s3, bucket):
    put(s3, bucket, "x")
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"][0]["LastModified"].replace(microsecond=0)
    assert s3.head_object(Bucket=bucket, Key="x")["LastModified"] == listed


# Ranges


@pytest.mark.parametrize(
    "header, expected, span",
    [
        ("bytes=0-9", slice(0, 10), "bytes 0-9/100"), ("bytes=00-09", slice(0, 10), "bytes 0-9/100"),
        ("bytes=90-", slice(90, 100), "bytes 90-99/100"), ("bytes=90-1000", slice(90, 100), "bytes 90-99/100"),
        ("bytes=-10", slice(90, 100), "bytes 90-99/100"), ("bytes=-1000", slice(0, 100), "bytes 0-99/100"),
    ],
)
def test_a_range_is_partial_content(s3, bucket, header, expected, span):
    data = content("range", 100)
    put(s3, bucket, "x", data)
    answer = s3.get_object(Bucket=bucket, Key="x", Range=header)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"] == span
    assert answer["Body"].read() == data[expected]


@pytest.mark.parametrize("header", ["bytes=-0", "bytes=100-", "bytes=100-101"])
def test_a_range_past_the_end_is_416(s3, bucket, header):
    put(s3, bucket, "x", content("range", 100))
    assert status_of(lambda: s3.get_object(Bucket=bucket, Key="x", Range=header), "InvalidRange") == 416


@pytest.mark.parametrize("header", ["bytes=10-5", "bytes=,", "bytes=-", "bytes=abc", "foo=0-1", "bytes=0-0,1-2"])
def test_a_range_that_makes_no_sense_is_ignored(s3, bucket, header):
    put(s3, bucket, "x", content("range", 100))
    answer = s3.get_object(Bucket=bucket, Key="x", Range=header)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200 and len(answer["Body"].read()) == 100


def test_a_range_across_chunks(s3, bucket):
    data = content("chunks", 4 * MEBIBYTE)
    put(s3, bucket, "x", data)
    for start, end in [(0, 0), (65_535, 65_537), (1_000_000, 3_000_000), (4 * MEBIBYTE - 1, 4 * MEBIBYTE - 1)]:
        assert get(s3, bucket, "x", Range=f"bytes={start}-{end}") == data[start:end + 1]


# Conditions


def test_if_none_match_of_the_same_tag_is_304(s3, bucket):
    tag = put(s3, bucket, "x")["ETag"]
    assert status_of(lambda: s3.get_object(Bucket=bucket, Key="x", IfNoneMatch=tag)) == 304


def test_if_match_of_another_tag_is_412(s3, bucket):
    put(s3, bucket, "x")
    assert status_of(lambda: s3.get_object(Bucket=bucket, Key="x", IfMatch='"' + "0" * 32 + '"')) == 412


def test_if_modified_since_now_is_304(s3, bucket):
    put(s3, bucket, "x")
    modified = s3.head_object(Bucket=bucket, Key="x")["LastModified"]
    assert status_of(lambda: s3.get_object(Bucket=bucket, Key="x", IfModifiedSince=modified)) == 304


def test_if_unmodified_since_the_past_is_412(s3, bucket):
    put(s3, bucket, "x")
    past = datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc)
    assert status_of(lambda: s3.get_object(Bucket=bucket, Key="x", IfUnmodifiedSince=past)) == 412


def test_put_if_none_match_any_creates_once(s3, bucket):
    put(s3, bucket, "x", b"first", IfNoneMatch="*")
    assert status_of(lambda: put(s3, bucket, "x", b"second", IfNoneMatch="*"), "PreconditionFailed") == 412
    assert get(s3, bucket, "x") == b"first"


def test_put_if_match_replaces_only_that_state(s3, bucket):
    tag = put(s3, bucket, "x", b"first")["ETag"]
    put(s3, bucket, "x", b"second", IfMatch=tag)
    assert status_of(lambda: put(s3, bucket, "x", b"third", IfMatch=tag), "PreconditionFailed") == 412
    assert get(s3, bucket, "x") == b"second"


def test_put_if_match_of_nothing_is_404(s3, bucket):
    assert status_of(lambda: put(s3, bucket, "x", IfMatch='"' + "0" * 32 + '"'), "NoSuchKey") == 404


def test_of_many_conditional_creations_one_wins(server, bucket):
    def attempt(number):
        try:
            put(client(server), bucket, "race", str(number).encode() * 50_000, IfNoneMatch="*")
            return number
        except botocore.exceptions.ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (409, 412)
            return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(attempt, range(1, 9)) if number is not None]
    assert len(winners) == 1
    assert get(client(server), bucket, "race") == str(winners[0]).encode() * 50_000


# Integrity


def test_a_wrong_content_md5_is_refused_and_nothing_stored(s3, bucket):
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert status_of(lambda: put(s3, bucket, "x", b"data", ContentMD5=wrong), "BadDigest") == 400
    assert status_of(lambda: s3.head_object(Bucket=bucket, Key="x")) == 404


def test_a_malformed_content_md5_is_refused(s3, bucket):
    assert status_of(lambda: put(s3, bucket, "x", b"data", ContentMD5="short"), "InvalidDigest") == 400


@pytest.mark.parametrize("name", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_a_wrong_checksum_is_refused(s3, bucket, name):
    sizes = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}
    wrong = base64.b64encode(bytes(sizes[name])).decode()
    assert status_of(lambda: put(s3, bucket, "x", b"data", **{f"Checksum{name}": wrong}), "BadDigest") == 400


def test_known_checksum_vectors(s3, bucket):
    put(s3, bucket, "a", b"A" * 1024, ChecksumAlgorithm="SHA256")
    head = s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == "arcu6553sHVAiX4MjW0j7I7vD4w6R+Gz9Ok0Q9lTa+0="
    assert head["ChecksumType"] == "FULL_OBJECT"


def test_the_server_adds_crc64nvme_when_nothing_was_asked_for(server, bucket):
    s3 = client(server, request_checksum_calculation="when_required")
    put(s3, bucket, "a", b"A" * 1024)
    assert s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")["ChecksumCRC64NVME"] == "Qeh8oXvGiSo="


def test_a_wrong_secret_is_refused(server, bucket):
    import boto3

    s3 = boto3.client("s3", endpoint_url=server.s3_url, aws_access_key_id=server.access_key,
                      aws_secret_access_key="wrong-secret", region_name="us-east-1")
    assert status_of(lambda: s3.list_objects_v2(Bucket=bucket), "SignatureDoesNotMatch") == 403


def test_an_unknown_access_key_is_refused(server, bucket):
    import boto3

    s3 = boto3.client("s3", endpoint_url=server.s3_url, aws_access_key_id="nobody",
                      aws_secret_access_key="wrong-secret", region_name="us-east-1")
    assert status_of(lambda: s3.list_objects_v2(Bucket=bucket), "InvalidAccessKeyId") == 403


# Listing


def fill(s3, bucket, names):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: put(s3, bucket, name), names))


def test_listing_is_in_byte_order(s3, bucket):
    names = ["foo/bar", "foo+1/bar", "Foo", "foo", "é", "z", "foo-"]
    fill(s3, bucket, names)
    assert keys(s3.list_objects_v2(Bucket=bucket)) == sorted(names, key=lambda name: name.encode())


def test_delimiter_groups(s3, bucket):
    fill(s3, bucket, ["a/1", "a/2", "b/c/3", "top"])
    answer = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert keys(answer) == ["top"]
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["a/", "b/"]
    assert answer["KeyCount"] == 3


def test_prefix_and_delimiter(s3, bucket):
    fill(s3, bucket, ["a/1", "a/b/2", "a/b/3", "b/4"])
    answer = s3.list_objects_v2(Bucket=bucket, Prefix="a/", Delimiter="/")
    assert keys(answer) == ["a/1"]
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["a/b/"]


@pytest.mark.parametrize("version", ["list_objects", "list_objects_v2"])
def test_paging_visits_each_key_once(s3, bucket, version):
    names = [f"key-{number:04}" for number in range(250)]
    fill(s3, bucket, names)
    pages = list(s3.get_paginator(version).paginate(Bucket=bucket, PaginationConfig={"PageSize": 60}))
    assert [key for page in pages for key in keys(page)] == names
    assert len(pages) == 5


@pytest.mark.parametrize("version", ["list_objects", "list_objects_v2"])
def test_paging_with_groups_visits_each_group_once(s3, bucket, version):
    fill(s3, bucket, [f"group-{group}/{number}" for group in range(7) for number in range(4)])
    pages = list(
        s3.get_paginator(version).paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 3})
    )
    prefixes = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
    assert prefixes == [f"group-{group}/" for group in range(7)]


def test_start_after_is_exclusive(s3, bucket):
    fill(s3, bucket, ["a", "b", "c"])
    assert keys(s3.list_objects_v2(Bucket=bucket, StartAfter="a")) == ["b", "c"]


def test_max_keys_zero_is_an_empty_page(s3, bucket):
    fill(s3, bucket, ["a"])
    answer = s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    assert keys(answer) == [] and not answer["IsTruncated"]


def test_owner_is_listed_when_asked_for(s3, bucket):
    fill(s3, bucket, ["a"])
    assert "Owner" not in s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert "Owner" in s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"][0]


def test_a_write_is_in_the_next_list_and_a_delete_is_not(s3, bucket):
    for number in range(20):
        put(s3, bucket, f"k{number}")
        assert f"k{number}" in keys(s3.list_objects_v2(Bucket=bucket))
        s3.delete_object(Bucket=bucket, Key=f"k{number}")
        assert keys(s3.list_objects_v2(Bucket=bucket)) == []


def test_an_invalid_continuation_token_is_refused(s3, bucket):
    assert status_of(
        lambda: s3.list_objects_v2(Bucket=bucket, ContinuationToken="not a token"), "InvalidArgument"
    ) == 400


# Deleting


def test_deleting_what_is_not_there_succeeds(s3, bucket):
    answer = s3.delete_object(Bucket=bucket, Key="none")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_deleting_many(s3, bucket):
    names = [f"k{number}" for number in range(30)] + ["a&b<c>", "ünï"]
    fill(s3, bucket, names)
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": name} for name in [*names, "none"]]})
    assert {entry["Key"] for entry in answer["Deleted"]} == {*names, "none"}
    assert keys(s3.list_objects_v2(Bucket=bucket)) == []


def test_deleting_many_quietly(s3, bucket):
    fill(s3, bucket, ["a", "b"])
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}], "Quiet": True})
    assert "Deleted" not in answer


def test_deleting_more_than_1000_at_once_is_refused(s3, bucket):
    objects = [{"Key": f"k{number}"} for number in range(1001)]
    assert status_of(lambda: s3.delete_objects(Bucket=bucket, Delete={"Objects": objects}), "MalformedXML") == 400


# Copying


def test_a_copy_keeps_content_and_metadata(s3, bucket):
    data = content("copy", 3 * MEBIBYTE)
    tag = put(s3, bucket, "source key+%", data, Metadata={"a": "1"}, ContentType="text/x")["ETag"]
    answer = s3.copy_object(Bucket=bucket, Key="target", CopySource={"Bucket": bucket, "Key": "source key+%"})
    assert answer["CopyObjectResult"]["ETag"] == tag
    s3.delete_object(Bucket=bucket, Key="source key+%")
    back = s3.get_object(Bucket=bucket, Key="target")
    assert back["Body"].read() == data and back["Metadata"] == {"a": "1"} and back["ContentType"] == "text/x"


def test_a_copy_can_replace_metadata(s3, bucket):
    put(s3, bucket, "x", Metadata={"a": "1"})
    s3.copy_object(Bucket=bucket, Key="x", CopySource=f"{bucket}/x", MetadataDirective="REPLACE", Metadata={"b": "2"})
    assert s3.head_object(Bucket=bucket, Key="x")["Metadata"] == {"b": "2"}


def test_a_copy_onto_itself_without_a_change_is_refused(s3, bucket):
    put(s3, bucket, "x")
    assert status_of(
        lambda: s3.copy_object(Bucket=bucket, Key="x", CopySource=f"{bucket}/x"), "InvalidRequest"
    ) == 400


def test_a_copy_of_nothing_is_404(s3, bucket):
    assert status_of(lambda: s3.copy_object(Bucket=bucket, Key="x", CopySource=f"{bucket}/none"), "NoSuchKey") == 404


def test_copy_conditions(s3, bucket):
    tag = put(s3, bucket, "x")["ETag"]
    source = f"{bucket}/x"
    s3.copy_object(Bucket=bucket, Key="y", CopySource=source, CopySourceIfMatch=tag)
    assert status_of(
        lambda: s3.copy_object(Bucket=bucket, Key="y", CopySource=source, CopySourceIfNoneMatch=tag),
        "PreconditionFailed",
    ) == 412


# Multipart


def start(s3, bucket, key="multi", **options):
    return s3.create_multipart_upload(Bucket=bucket, Key=key, **options)["UploadId"]


def part(s3, bucket, upload, number, data, key="multi", **options):
    answer = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=data, **options)
    return {"PartNumber": number, **{name: answer[name] for name in answer if name == "ETag" or name.startswith("Checksum")
                                     and name != "ChecksumType"}}


def complete(s3, bucket, upload, parts, key="multi", **options):
    return s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}, **options
    )


@pytest.mark.parametrize("chunking, share", [("content-defined", 1.1), ("pages", 1), ("whole", 1)])
def test_parts_of_any_size_share_their_chunks(server, bucket, chunking, share):
    def stored():
        return json.loads(server.verb("stats", "--json").stdout)["deduplicatedBytes"]

    own = client(server)
    own.meta.events.register("before-call.s3", lambda params, **_: params["headers"].update({"x-drydock-chunking": chunking}))
    data, before = content(chunking, 40 * MEBIBYTE), stored()
    for mebibytes in (5, 8, 16):
        transfer = TransferConfig(multipart_threshold=MEBIBYTE, multipart_chunksize=mebibytes * MEBIBYTE)
        own.upload_fileobj(io.BytesIO(data), bucket, f"in {mebibytes}", Config=transfer)
        assert get(own, bucket, f"in {mebibytes}") == data
    assert stored() - before <= share * len(data)


def test_an_unknown_way_of_chunking_is_refused(server, bucket):
    own = client(server)
    own.meta.events.register("before-call.s3", lambda params, **_: params["headers"].update({"x-drydock-chunking": "fixed"}))
    assert status_of(lambda: put(own, bucket, "x"), "InvalidArgument") == 400
    assert status_of(lambda: own.create_multipart_upload(Bucket=bucket, Key="x"), "InvalidArgument") == 400


def test_multipart_tag_and_part_reads(s3, bucket):
    blocks = [content(number, 5 * MEBIBYTE) for number in range(2)] + [b"tail"]
    upload = start(s3, bucket, Metadata={"a": "1"})
    parts = [part(s3, bucket, upload, number, data) for number, data in enumerate(blocks, 1)]
    answer = complete(s3, bucket, upload, parts)
    expected = hashlib.md5(b"".join(hashlib.md5(data).digest() for data in blocks)).hexdigest()
    assert answer["ETag"] == f'"{expected}-3"'
    back = s3.get_object(Bucket=bucket, Key="multi")
    assert back["Body"].read() == b"".join(blocks) and back["Metadata"] == {"a": "1"}
    second = s3.get_object(Bucket=bucket, Key="multi", PartNumber=2)
    assert second["PartsCount"] == 3 and second["Body"].read() == blocks[1]


def test_completing_again_gives_the_same_answer(s3, bucket):
    upload = start(s3, bucket)
    parts = [part(s3, bucket, upload, 1, b"only")]
    assert complete(s3, bucket, upload, parts)["ETag"] == complete(s3, bucket, upload, parts)["ETag"]


def test_a_part_sent_again_replaces_the_first(s3, bucket):
    upload = start(s3, bucket)
    part(s3, bucket, upload, 1, b"first")
    parts = [part(s3, bucket, upload, 1, b"second")]
    complete(s3, bucket, upload, parts)
    assert get(s3, bucket, "multi") == b"second"


def test_small_parts_are_refused_at_completion(s3, bucket):
    upload = start(s3, bucket)
    parts = [part(s3, bucket, upload, number, b"small") for number in (1, 2)]
    assert status_of(lambda: complete(s3, bucket, upload, parts), "EntityTooSmall") == 400


def test_parts_out_of_order_are_refused(s3, bucket):
    upload = start(s3, bucket)
    parts = [part(s3, bucket, upload, number, content(number, 5 * MEBIBYTE)) for number in (1, 2)]
    assert status_of(lambda: complete(s3, bucket, upload, parts[::-1]), "InvalidPartOrder") == 400


def test_a_wrong_part_tag_is_refused(s3, bucket):
    upload = start(s3, bucket)
    part(s3, bucket, upload, 1, b"x")
    wrong = [{"PartNumber": 1, "ETag": '"' + "0" * 32 + '"'}]
    assert status_of(lambda: complete(s3, bucket, upload, wrong), "InvalidPart") == 400


def test_an_aborted_upload_is_gone(s3, bucket):
    upload = start(s3, bucket)
    part(s3, bucket, upload, 1, b"x")
    s3.abort_multipart_upload(Bucket=bucket, Key="multi", UploadId=upload)
    assert status_of(lambda: part(s3, bucket, upload, 2, b"y"), "NoSuchUpload") == 404
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_numbers_have_bounds(s3, bucket, number):
    upload = start(s3, bucket)
    assert status_of(lambda: part(s3, bucket, upload, number, b"x"), "InvalidArgument") == 400


def test_a_part_copied_from_a_range(s3, bucket):
    data = content("part copy", 8 * MEBIBYTE)
    put(s3, bucket, "source", data)
    upload = start(s3, bucket)
    answer = s3.upload_part_copy(Bucket=bucket, Key="multi", UploadId=upload, PartNumber=1,
                                 CopySource=f"{bucket}/source", CopySourceRange="bytes=100-6000000")
    complete(s3, bucket, upload, [{"PartNumber": 1, "ETag": answer["CopyPartResult"]["ETag"]}])
    assert get(s3, bucket, "multi") == data[100:6_000_001]


@pytest.mark.parametrize(
    "algorithm, kind, expected",
    [
        ("CRC32", "FULL_OBJECT", "WgDhBQ=="), ("CRC32C", "FULL_OBJECT", "xU+Krw=="),
        ("CRC64NVME", "FULL_OBJECT", "i+6LR0y3eFo="), ("SHA1", "COMPOSITE", "sizjvY4eud3MrcHdZM3cQ/ol39o=-3"),
        ("SHA256", "COMPOSITE", "uWBwpe1dxI4Vw8Gf0X9ynOdw/SS6VBzfWm9giiv1sf4=-3"),
    ],
)
def test_known_multipart_checksums(s3, bucket, algorithm, kind, expected):
    upload = start(s3, bucket, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    parts = [
        part(s3, bucket, upload, number, letter * (5 * MEBIBYTE), ChecksumAlgorithm=algorithm)
        for number, letter in enumerate([b"A", b"B", b"C"], 1)
    ]
    answer = complete(s3, bucket, upload, parts)
    assert answer[f"Checksum{algorithm}"] == expected
    assert answer["ETag"] == '"b2add96cc9702bbf4efb0ccdfc6b7747-3"'


def test_uploads_are_listed_by_key(s3, bucket):
    for key in ["b", "a", "c/1", "c/2"]:
        start(s3, bucket, key)
    answer = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [entry["Key"] for entry in answer["Uploads"]] == ["a", "b"]
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == ["c/"]


def test_parts_are_paged(s3, bucket):
    upload = start(s3, bucket)
    for number in range(1, 8):
        part(s3, bucket, upload, number, b"x")
    pages = list(s3.get_paginator("list_parts").paginate(
        Bucket=bucket, Key="multi", UploadId=upload, PaginationConfig={"PageSize": 3}))
    assert [entry["PartNumber"] for page in pages for entry in page["Parts"]] == list(range(1, 8))


def test_the_transfer_manager_goes_parallel(server, bucket):
    data = content("managed", 30 * MEBIBYTE)
    s3 = client(server)
    s3.upload_fileobj(io.BytesIO(data), bucket, "managed")
    out = io.BytesIO()
    s3.download_fileobj(bucket, "managed", out)
    assert out.getvalue() == data


# Policy and anonymous access


PUBLIC_READ = """{"Version":"2012-10-17","Statement":[{"Sid":"read","Effect":"Allow","Principal":"*",
"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::%s/*"]}]}"""


def anonymous(server):
    import botocore

    return client(server, signature_version=botocore.UNSIGNED)


def test_anonymous_access_is_denied_without_a_policy(server, s3, bucket):
    put(s3, bucket, "x")
    assert status_of(lambda: anonymous(server).get_object(Bucket=bucket, Key="x"), "AccessDenied") == 403


def test_a_public_read_policy_opens_reading_and_nothing_else(server, s3, bucket):
    put(s3, bucket, "x", b"open")
    s3.put_bucket_policy(Bucket=bucket, Policy=PUBLIC_READ % bucket)
    assert get(anonymous(server), bucket, "x") == b"open"
    assert status_of(lambda: put(anonymous(server), bucket, "x"), "AccessDenied") == 403
    assert status_of(lambda: anonymous(server).list_objects_v2(Bucket=bucket), "AccessDenied") == 403
    assert status_of(lambda: anonymous(server).get_object(Bucket=bucket, Key="none"), "AccessDenied") == 403
    s3.delete_bucket_policy(Bucket=bucket)
    assert status_of(lambda: anonymous(server).get_object(Bucket=bucket, Key="x"), "AccessDenied") == 403


def test_a_policy_comes_back_byte_for_byte(s3, bucket):
    text = PUBLIC_READ % bucket
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text


def test_no_policy_is_404(s3, bucket):
    assert status_of(lambda: s3.get_bucket_policy(Bucket=bucket), "NoSuchBucketPolicy") == 404


@pytest.mark.parametrize("text", ["not json", "{}", PUBLIC_READ % "another-bucket", '{"Statement":[{"Effect":"Maybe"}]}'])
def test_a_malformed_policy_is_refused(s3, bucket, text):
    assert status_of(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=text), "MalformedPolicy") == 400


# Presigned


def test_presigned_put_and_get(server, s3, bucket):
    import urllib.request

    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "presigned"}, ExpiresIn=60)
    request = urllib.request.Request(url, data=b"by url", method="PUT")
    assert urllib.request.urlopen(request).status == 200
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "presigned"}, ExpiresIn=60)
    assert urllib.request.urlopen(url).read() == b"by url"


def test_a_changed_presigned_url_is_refused(s3, bucket):
    import urllib.error
    import urllib.request

    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"}, ExpiresIn=60)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url.replace("/a?", "/b?"))
    assert caught.value.code == 403


@pytest.mark.parametrize("style", ["when_supported", "when_required"])
def test_both_upload_styles_of_the_sdk(server, bucket, style):
    s3 = client(server, request_checksum_calculation=style)
    data = content(style, 200_000)
    put(s3, bucket, "x", data)
    s3.put_object(Bucket=bucket, Key="stream", Body=io.BytesIO(data))
    assert get(s3, bucket, "x") == get(s3, bucket, "stream") == data


def test_virtual_host_addressing(monkeypatch):
    import socket

    import boto3
    import botocore.config
    from drydock import Drydock

    resolve = socket.getaddrinfo

    def resolve_locally(host, *arguments, **options):
        """Not every resolver knows names below localhost."""
        return resolve("127.0.0.1" if host.endswith(".localhost") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_locally)

    with Drydock.temporary("--domains", "localhost") as running:
        s3 = boto3.client(
            "s3", endpoint_url=f"http://localhost:{running.ports['s3']}", aws_access_key_id=running.access_key,
            aws_secret_access_key=running.secret_key, region_name="us-east-1",
            config=botocore.config.Config(s3={"addressing_style": "virtual"}),
        )
        s3.create_bucket(Bucket="virtual-bucket")
        put(s3, "virtual-bucket", "dir/key", b"hosted")
        assert get(s3, "virtual-bucket", "dir/key") == b"hosted"


@pytest.mark.parametrize(
    "call",
    [
        lambda s3, bucket: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}),
        lambda s3, bucket: s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": []}),
        lambda s3, bucket: s3.put_object(Bucket=bucket, Key="x", ServerSideEncryption="AES256"),
        lambda s3, bucket: s3.put_object(Bucket=bucket, Key="x", ACL="public-read"),
        lambda s3, bucket: s3.list_object_versions(Bucket=bucket),
    ],
)
def test_what_is_not_there_yet_answers_501(s3, bucket, call):
    assert status_of(lambda: call(s3, bucket), "NotImplemented") == 501
