# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""Malformed and hostile requests: the exact refusal, no 500, nothing stored, and the server lives on."""

import base64
import hashlib
import json
import random
import select
import socket
import threading
import time
import zlib

import pytest
from conftest import client
from drydock import Drydock
from hostile import (
    SIGNED_CHUNKS, SIGNED_TRAILER, UNSIGNED, UNSIGNED_TRAILER, Connection, S3Client, ask, basic, check, check_oci, check_s3,
    head,
)

OLD = b"the old object, 30 bytes long."
SDK = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=" + "0" * 64


def table(*rows):
    """Rows of name, status, code and what is asked."""
    return [pytest.param(*row[1:], id=row[0]) for row in rows]


@pytest.fixture(scope="module")
def server():
    with Drydock.temporary() as running:
        yield running


@pytest.fixture(scope="module")
def s3(server):
    boto = client(server)
    boto.create_bucket(Bucket="hostile")
    boto.put_object(Bucket="hostile", Key="old", Body=OLD)
    made = S3Client(server, "hostile")
    made.port, made.boto = server.ports["s3"], boto
    return made


@pytest.fixture(scope="module", autouse=True)
def slow(s3):
    """Slow clients run beside everything else; name to (seconds, answer or None, closed)."""
    results = {}

    def run(name, first, rest, interval, limit=50):
        with Connection(s3.port, timeout=limit) as connection:
            started = time.monotonic()
            connection.socket.sendall(first)
            for byte in rest:
                if select.select([connection.socket], [], [], interval)[0]:
                    break
                connection.socket.sendall(bytes([byte]))
            try:
                answer = connection.answer()
            except (EOFError, OSError):
                answer = None
            results[name] = (time.monotonic() - started, answer, answer and connection.is_closed())

    put = s3.request("PUT", "/{b}/slow", b"12345678", after=[("Connection", "close")])
    cases = [
        ("head", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"a" * 200, 0.2),
        ("silent head", b"G", b"", 0),
        ("endless lines", b"GET / HTTP/1.1\r\nHost: x\r\n", b"a: b\r\n" * 200, 0.05),
        ("stalled body", s3.request("PUT", "/{b}/stalled", b"x" * 1000)[:-500], b"", 0),
        ("steady body", put[:-8], put[-8:], 0.3),
    ]
    threads = [threading.Thread(target=run, args=case, daemon=True) for case in cases]
    for thread in threads:
        thread.start()
    yield lambda name: [thread.join() for thread in threads] and results[name]


# Framing, against both listeners.

def lines(*extra, method="GET", target="/v2/", version="HTTP/1.1", host=("Host: x",)):
    return "\r\n".join([f"{method} {target} {version}", *host, *extra, "", ""]).encode("latin-1")


FRAMING = [
    ("not http", 400, "BadRequest", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    ("http 0.9", 400, "BadRequest", b"GET /\r\n\r\n"),
    ("http 2.0", 505, "NotImplemented", lines(version="HTTP/2.0")),
    ("http 2 preface", 505, "NotImplemented", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("http 1.2", 505, "NotImplemented", lines(version="HTTP/1.2")),
    ("lower-case version", 400, "BadRequest", lines(version="http/1.1")),
    ("two spaces", 400, "BadRequest", b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("bare line feeds", 400, "BadRequest", b"GET / HTTP/1.1\nHost: x\n\n"),
    ("bare line feed in headers", 400, "BadRequest", b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"),
    ("no host", 400, "BadRequest", lines(host=())),
    ("two hosts", 400, "BadRequest", lines("Host: y")),
    ("host with a path", 400, "BadRequest", lines(host=("Host: x/../y",))),
    ("folded header", 400, "BadRequest", lines("A: b", " c")),
    ("space before colon", 400, "BadRequest", lines("A : b")),
    ("no colon", 400, "BadRequest", lines("garbage")),
    ("empty name", 400, "BadRequest", lines(": b")),
    ("control byte in name", 400, "BadRequest", lines("A\x01: b")),
    ("nul in header", 400, "BadRequest", lines("A: b\0c")),
    ("carriage return in header", 400, "BadRequest", lines("A: b\rc")),
    ("escape in header", 400, "BadRequest", lines("A: \x1b[2J")),
    ("nul in target", 400, ("InvalidURI", "BadRequest"), lines(target="/v2/\0")),
    ("control byte in target", 400, ("InvalidURI", "BadRequest"), lines(target="/v2/\x7f")),
    ("raw invalid utf-8 in target", 400, "InvalidURI", lines(target="/v2/\xff")),
    ("fragment", 400, "InvalidURI", lines(target="/v2/#a")),
    ("no slash", 400, "InvalidURI", lines(target="v2")),
    ("authority form", 400, "InvalidURI", lines(method="CONNECT", target="x:80")),
    ("asterisk", 400, "InvalidURI", lines(target="*")),
    ("long method", 400, "BadRequest", lines(method="A" * 33)),
    ("control byte in method", 400, "BadRequest", lines(method="G\x01T")),
    ("300 headers", 400, "RequestHeaderSectionTooLarge", lines(*[f"a{n}: b" for n in range(300)])),
    ("70 KiB header", 400, "RequestHeaderSectionTooLarge", lines("A: " + "b" * (70 << 10))),
    ("70 KiB target", 400, "RequestHeaderSectionTooLarge", lines(target="/" + "b" * (70 << 10))),
    ("1 MiB head without an end", 400, "RequestHeaderSectionTooLarge", b"GET / HTTP/1.1\r\nA: " + b"b" * (1 << 20)),
    ("two lengths", 400, "InvalidArgument", lines("Content-Length: 1", "Content-Length: 2", method="PUT")),
    ("two equal lengths", 400, "InvalidArgument", lines("Content-Length: 1", "Content-Length: 1", method="PUT")),
    ("length list", 400, "InvalidArgument", lines("Content-Length: 1, 1", method="PUT")),
    ("negative length", 400, "InvalidArgument", lines("Content-Length: -1", method="PUT")),
    ("signed length", 400, "InvalidArgument", lines("Content-Length: +1", method="PUT")),
    ("hexadecimal length", 400, "InvalidArgument", lines("Content-Length: 0x1", method="PUT")),
    ("empty length", 400, "InvalidArgument", lines("Content-Length:", method="PUT")),
    ("length 2^63", 400, "InvalidArgument", lines("Content-Length: 9223372036854775808", method="PUT")),
    ("length 2^64 + 1", 400, "InvalidArgument", lines("Content-Length: 18446744073709551617", method="PUT")),
    ("length and chunked", 400, "BadRequest", lines("Content-Length: 5", "Transfer-Encoding: chunked", method="PUT")),
    ("chunked and length", 400, "BadRequest", lines("Transfer-Encoding: chunked", "Content-Length: 5", method="PUT")),
    ("chunked twice", 400, "BadRequest", lines("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", method="PUT")),
    ("chunked in 1.0", 400, "BadRequest", lines("Transfer-Encoding: chunked", method="PUT", version="HTTP/1.0")),
    ("gzip coding", 501, "NotImplemented", lines("Transfer-Encoding: gzip, chunked", method="PUT")),
    ("identity coding", 501, "NotImplemented", lines("Transfer-Encoding: identity", method="PUT")),
    ("xchunked", 501, "NotImplemented", lines("Transfer-Encoding: xchunked", method="PUT")),
    ("chunked with vertical tab", 400, "BadRequest", lines("Transfer-Encoding: \x0bchunked", method="PUT")),
    ("unknown expectation", 417, "BadRequest", lines("Expect: 200-ok", "Content-Length: 1", method="PUT")),
]


@pytest.mark.parametrize("status, code, data", table(*FRAMING))
def test_framing_on_the_s3_listener(s3, status, code, data):
    """One refusal, then the end: what follows is never taken for a second request."""
    with Connection(s3.port) as connection:
        connection.send(data + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        check_s3(connection.answer(), status, code)
        assert connection.is_closed()


@pytest.mark.parametrize("status, code, data", table(*FRAMING))
def test_framing_on_the_registry_listener(server, status, code, data):
    with Connection(server.ports["registry"]) as connection:
        connection.send(data + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = connection.answer()
        assert answer.status == (431 if code == "RequestHeaderSectionTooLarge" else status)
        assert connection.is_closed()


def test_a_framing_refusal_of_the_registry_is_an_error_list(server):
    check_oci(ask(server.ports["registry"], lines("A : b")), 400, "UNSUPPORTED")


# Signatures.

def edit(old, new):
    return lambda value: value.replace(old, new)


def without(part):
    return lambda value: ", ".join(p for p in value.replace(" ", " , ", 1).split(", ") if part not in p).replace(" , ", " ")


GET = ("GET", "/{b}/old")
MALFORMED = (400, "AuthorizationHeaderMalformed")
MISMATCH = (403, "SignatureDoesNotMatch")
DENIED = (403, "AccessDenied")
SKEWED = (403, "RequestTimeTooSkewed")


@pytest.mark.parametrize("status, code, options", table(
    ("right", 200, None, {}),
    ("any region", 200, None, {"signer": {"region": "moon-1"}}),
    ("wrong secret", *MISMATCH, {"signer": {"secret_key": "wrong"}}),
    ("unknown key", 403, "InvalidAccessKeyId", {"signer": {"access_key": "nobody"}}),
    ("key with markup", 403, "InvalidAccessKeyId", {"signer": {"access_key": "<b>&\"]]>"}}),
    ("4,000 byte key", 403, "InvalidAccessKeyId", {"signer": {"access_key": "k" * 4000}}),
    ("wrong service", *MALFORMED, {"signer": {"service": "ec2"}}),
    ("wrong terminal", *MALFORMED, {"signer": {"terminal": "aws3_request"}}),
    ("scope of another day", *MALFORMED, {"signer": {"scope_day": "20200101"}}),
    ("scope day no date", *MALFORMED, {"signer": {"scope_day": "yesterday"}}),
    ("four scope fields", *MALFORMED, {"authorization": edit("/aws4_request", "")}),
    ("no scope", *MALFORMED, {"authorization": edit("Credential=clienttests/", "Credential=")}),
    ("200 slashes", *MALFORMED, {"authorization": edit("Credential=", "Credential=" + "/" * 200)}),
    ("no credential", *MALFORMED, {"authorization": without("Credential=")}),
    ("no signed headers", *MALFORMED, {"authorization": without("SignedHeaders=")}),
    ("no signature", *MALFORMED, {"authorization": without("Signature=")}),
    ("empty signature", *MALFORMED, {"authorization": lambda v: v[:v.index("Signature=") + 10]}),
    ("half a signature", *MISMATCH, {"authorization": lambda v: v[:-32]}),
    ("signature not hexadecimal", *MISMATCH, {"authorization": lambda v: v[:-64] + "zz" * 32}),
    ("4,000 byte signature", *MISMATCH, {"authorization": lambda v: v + "0" * 4000}),
    ("garbage", 400, "InvalidArgument", {"authorization": lambda v: "AWS HAHAHA"}),
    ("one word", 400, "InvalidArgument", {"authorization": lambda v: "garbage"}),
    ("empty", *DENIED, {"authorization": lambda v: ""}),
    ("algorithm only", 400, ("AuthorizationHeaderMalformed", "InvalidArgument"),
     {"authorization": lambda v: "AWS4-HMAC-SHA256 "}),
    ("sha-512", 400, ("InvalidRequest", "InvalidArgument"), {"signer": {"algorithm": "AWS4-HMAC-SHA512"}}),
    ("signature 4a", 501, "NotImplemented", {"signer": {"algorithm": "AWS4-ECDSA-P256-SHA256"}}),
    ("signature 2", 400, "InvalidRequest", {"authorization": lambda v: "AWS clienttests:c2lnbmF0dXJl"}),
    ("bearer", 400, "InvalidArgument", {"authorization": lambda v: "Bearer abc"}),
    ("two headers", 400, "InvalidArgument", {"unsigned": [("Authorization", SDK)]}),
    ("header and query", 400, "InvalidArgument", {"send_target": "/{b}/old?X-Amz-Algorithm=AWS4-HMAC-SHA256"}),
    ("no date", *DENIED, {"drop": ["x-amz-date"]}),
    ("date garbage", *DENIED, {"date": "now"}),
    ("date empty", *DENIED, {"date": ""}),
    ("month 13", *DENIED, {"date": "20261301T000000Z"}),
    ("non-ASCII date", *DENIED, {"date": "２０２６0101T000000Z"}),
    ("1950", *SKEWED, {"date": "19500101T000000Z"}),
    ("9999", *SKEWED, {"date": "99991231T235959Z"}),
    ("first second of a timestamp", *SKEWED, {"date": "16770921T001244Z"}),
    ("last second of a timestamp", *SKEWED, {"date": "22620411T234716Z"}),
    ("16 minutes ago", *SKEWED, {"date": -960}),
    ("16 minutes ahead", *SKEWED, {"date": 1020}),
    ("x-amz header not signed", *DENIED, {"unsigned": [("x-amz-meta-a", "b")]}),
    ("date not signed", *DENIED, {"hidden": ["x-amz-date"]}),
    ("host not signed", *DENIED, {"hidden": ["host"]}),
    ("signed header not sent", *MISMATCH, {"headers": [("x-other", "a")], "drop": ["x-other"]}),
    ("header sent twice", *MISMATCH, {"headers": [("x-amz-meta-a", "b")], "unsigned": [("x-amz-meta-a", "c")]}),
    ("other method", *MISMATCH, {"send_method": "DELETE"}),
    ("other path", *MISMATCH, {"send_target": "/{b}/other"}),
    ("other query", *MISMATCH, {"send_target": "/{b}/old?versionId=null"}),
    ("no payload hash", 400, "InvalidRequest", {"drop": ["x-amz-content-sha256"]}),
    ("payload hash garbage", 400, "InvalidArgument", {"payload": "abc"}),
    ("payload hash of 63 digits", 400, "InvalidArgument", {"payload": "0" * 63}),
    ("unknown streaming form", 400, "InvalidArgument", {"payload": "STREAMING-NONSENSE"}),
    ("permanent key with token", 400, "InvalidToken", {"headers": [("x-amz-security-token", "t")]}),
    ("another owner", *DENIED, {"headers": [("x-amz-expected-bucket-owner", "1")]}),
))
def test_signatures(s3, status, code, options):
    check_s3(ask(s3.port, s3.request(*GET, **options)), status, code)


QUERY = (400, "AuthorizationQueryParametersError")


def put(name, value):
    return lambda query: query.update({name: value})


PRESIGNED = [
    ("right", 200, None, {}),
    ("no expiry date passed", 200, None, {"expires": "604800"}),
    *((f"no {name}", *QUERY, {"change": lambda query, name=name: query.pop(name)}) for name in
      ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")),
    *((f"blank {name}", *QUERY, {"change": put(name, "")}) for name in
      ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature")),
    *((f"expires {text!r}", *QUERY, {"expires": text}) for text in
      ("0", "-1", "604801", "soon", "1.5", "0x10", "99999999999999999999", " 60")),
    ("expired", *DENIED, {"date": -120, "expires": "60"}),
    ("from the future", 403, ("AccessDenied", "RequestTimeTooSkewed"), {"date": 1020}),
    ("9999", 403, ("AccessDenied", "RequestTimeTooSkewed"), {"date": "99991231T235959Z"}),
    ("0001", *DENIED, {"date": "00010101T000000Z"}),
    ("first second of a timestamp", *DENIED, {"date": "16770921T001244Z"}),
    ("last second of a timestamp", 403, ("AccessDenied", "RequestTimeTooSkewed"), {"date": "22620411T234716Z"}),
    ("date garbage", *QUERY, {"date": "tomorrow"}),
    ("scope of another day", *QUERY, {"signer": {"scope_day": "20200101"}}),
    ("wrong service", *QUERY, {"signer": {"service": "ec2"}}),
    ("wrong terminal", *QUERY, {"signer": {"terminal": "x"}}),
    ("credential without scope", *QUERY, {"change": put("X-Amz-Credential", "clienttests")}),
    ("other algorithm", *QUERY, {"signer": {"algorithm": "AWS4-HMAC-MD5"}}),
    ("unknown key", 403, "InvalidAccessKeyId", {"signer": {"access_key": "nobody"}}),
    ("wrong secret", *MISMATCH, {"signer": {"secret_key": "x"}}),
    ("longer life", *MISMATCH, {"change": put("X-Amz-Expires", "61")}),
    ("another parameter", *MISMATCH, {"change": put("response-content-type", "text/html")}),
    ("signed header not sent", *MISMATCH, {"headers": [("x-amz-meta-a", "b")]}),
    ("x-amz header not signed", *DENIED, {"sent": [("x-amz-meta-a", "b")]}),
    ("token", 400, "InvalidToken", {"change": put("X-Amz-Security-Token", "t")}),
    ("header too", 400, "InvalidArgument", {"sent": [("Authorization", SDK)]}),
]


@pytest.mark.parametrize("status, code, options", table(*PRESIGNED))
def test_presigned(s3, status, code, options):
    check_s3(ask(s3.port, s3.presigned(**options)), status, code)


@pytest.mark.parametrize("status, code, data", table(
    ("nobody", *DENIED, lines(target="/hostile/old")),
    ("nobody, no such bucket", 404, "NoSuchBucket", lines(target="/no-such-bucket/old")),
    ("list", *DENIED, lines(target="/hostile")),
    ("signature 2 query", 400, "InvalidRequest", lines(target="/hostile/old?AWSAccessKeyId=a&Signature=b&Expires=1")),
    ("lower-case method", 405, "MethodNotAllowed", lines(method="get", target="/hostile/old")),
    ("unknown method", 405, "MethodNotAllowed", lines(method="BREW", target="/hostile/old")),
    ("trace", 405, "MethodNotAllowed", lines(method="TRACE", target="/hostile/old")),
    ("delete the service", 405, "MethodNotAllowed", lines(method="DELETE", target="/")),
    ("9 KiB of headers", 400, "RequestHeaderSectionTooLarge", lines("A: " + "b" * 9000, target="/hostile/old")),
    ("9 KiB method not allowed", 405, "MethodNotAllowed", lines(method="PATCH", target="/hostile/old")),
))
def test_without_a_signature(s3, status, code, data):
    check_s3(ask(s3.port, data), status, code)


# Targets and arguments, all rightly signed.

LONG = "k" * 1025
RANGES = ("bytes=10-5", "bytes=,", "bytes=-", "bytes= -1", "bytes=--1", "bytes=0 -1", "bytes=0--1", "bytes=abc", "foo=0-1",
          "bytes=0-0,1-2", "bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), "bytes=" + "0" * 7000, "bytes=" + "-" * 7000)


@pytest.mark.parametrize("status, code, ask_for", table(
    ("key of 1,024 bytes", 404, "NoSuchKey", ("GET", "/{b}/" + LONG[1:])),
    ("key of 1,025 bytes", 400, "KeyTooLongError", ("GET", "/{b}/" + LONG)),
    ("key of 1,025 bytes, PUT", 400, "KeyTooLongError", ("PUT", "/{b}/" + LONG, b"x")),
    ("342 characters of 3 bytes", 400, "KeyTooLongError", ("PUT", "/{b}/" + "%E2%82%AC" * 342, b"x")),
    ("invalid utf-8", 400, "InvalidURI", ("PUT", "/{b}/%ff", b"x")),
    ("overlong utf-8", 400, "InvalidURI", ("PUT", "/{b}/%c0%80", b"x")),
    ("surrogate", 400, "InvalidURI", ("PUT", "/{b}/%ed%a0%80", b"x")),
    ("above U+10FFFF", 400, "InvalidURI", ("PUT", "/{b}/%f4%90%80%80", b"x")),
    ("cut utf-8", 400, "InvalidURI", ("PUT", "/{b}/%e2%82", b"x")),
    ("percent zz", 400, "InvalidURI", ("PUT", "/{b}/%zz", b"x")),
    ("percent at the end", 400, "InvalidURI", ("PUT", "/{b}/a%", b"x")),
    ("percent and one digit", 400, "InvalidURI", ("PUT", "/{b}/a%4", b"x")),
    ("nul is a key", 200, None, ("PUT", "/{b}/a%00b", b"x")),
    ("control bytes are a key", 200, None, ("PUT", "/{b}/%01%0d%0a%1b%7f", b"x")),
    ("dots are a key", 200, None, ("PUT", "/{b}/../../etc/passwd", b"x")),
    ("dots climb nowhere", 404, "NoSuchKey", ("GET", "/{b}/x/../old")),
    ("key of U+0001", 404, "NoSuchKey", ("GET", "/{b}/%01")),
    ("key of U+FFFF", 404, "NoSuchKey", ("GET", "/{b}/%ef%bf%bf")),
    ("slashes are a key", 404, "NoSuchKey", ("GET", "/{b}//old")),
    ("bucket with dots", 400, "InvalidBucketName", ("GET", "/../old")),
    ("bucket in upper case", 400, "InvalidBucketName", ("PUT", "/Hostile")),
    ("bucket of 2 bytes", 400, "InvalidBucketName", ("PUT", "/ab")),
    ("bucket of 64 bytes", 400, "InvalidBucketName", ("PUT", "/" + "a" * 64)),
    ("bucket is an address", 400, "InvalidBucketName", ("PUT", "/192.168.0.1")),
    ("bucket with nul", 400, "InvalidBucketName", ("PUT", "/a%00b")),
    ("bucket with a slash", 400, "InvalidBucketName", ("PUT", "/a%2Fb")),
    ("no such bucket", 404, "NoSuchBucket", ("GET", "/no-such-bucket/x")),
    ("max-keys negative", 400, "InvalidArgument", ("GET", "/{b}?max-keys=-1")),
    ("max-keys garbage", 400, "InvalidArgument", ("GET", "/{b}?max-keys=many")),
    ("max-keys 2^64", 400, "InvalidArgument", ("GET", "/{b}?max-keys=18446744073709551616")),
    ("token garbage", 400, "InvalidArgument", ("GET", "/{b}?list-type=2&continuation-token=garbage%21")),
    ("encoding garbage", 400, "InvalidArgument", ("GET", "/{b}?encoding-type=base64")),
    ("version garbage", 400, "InvalidArgument", ("GET", "/{b}/old?versionId=..%2F..%2Fx")),
    ("1,500 parameters", 400, "InvalidURI", ("GET", "/{b}/old?" + "&".join(f"{n:x}" for n in range(1500)))),
    ("uploads on an object", 400, ("InvalidRequest", "MethodNotAllowed"), ("GET", "/{b}/old?uploads")),
    ("post on an object", 405, "MethodNotAllowed", ("POST", "/{b}/old")),
    ("unknown to this server", 501, "NotImplemented", ("GET", "/{b}/old?torrent")),
    ("part 2 of an object", 416, "InvalidPartNumber", ("GET", "/{b}/old?partNumber=2")),
    ("part abc of an object", 400, "InvalidArgument", ("GET", "/{b}/old?partNumber=abc")),
    *((f"date {text}", 200, None, ("GET", "/{b}/old", b"", [("If-Modified-Since", text)])) for text in (
        "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Tue, 21 Sep 1677 00:12:43 GMT", "a" * 5000)),
    ("1,000 tags in a condition", 412, "PreconditionFailed", ("GET", "/{b}/old", b"", [("If-Match", '"a",' * 1000)])),
    ("unended tag in a condition", 412, "PreconditionFailed", ("GET", "/{b}/old", b"", [("If-Match", '"')])),
    ("metadata above 2 KiB", 400, "MetadataTooLarge", ("PUT", "/{b}/new", b"x", [("x-amz-meta-a", "b" * 2049)])),
    ("md5 not base64", 400, "InvalidDigest", ("PUT", "/{b}/new", b"x", [("Content-MD5", "!!!!")])),
    ("md5 short", 400, "InvalidDigest", ("PUT", "/{b}/new", b"x", [("Content-MD5", "AAAA")])),
    ("md5 wrong", 400, "BadDigest", ("PUT", "/{b}/new", b"x", [("Content-MD5", "A" * 22 + "==")])),
    ("checksum not base64", 400, "InvalidRequest", ("PUT", "/{b}/new", b"x", [("x-amz-checksum-crc32", "?")])),
    ("checksum short", 400, "InvalidRequest", ("PUT", "/{b}/new", b"x", [("x-amz-checksum-sha256", "AAAA")])),
    ("checksum wrong", 400, "BadDigest", ("PUT", "/{b}/new", b"x", [("x-amz-checksum-crc32", "AAAAAA==")])),
    ("two checksums", 400, "InvalidRequest",
     ("PUT", "/{b}/new", b"x", [("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-checksum-crc32c", "AAAAAA==")])),
    ("unknown algorithm", 400, "InvalidRequest", ("PUT", "/{b}/new", b"x", [("x-amz-sdk-checksum-algorithm", "CRC7")])),
    ("copy of nothing", 400, "InvalidArgument", ("PUT", "/{b}/new", b"", [("x-amz-copy-source", "")])),
    ("copy of a bucket", 400, "InvalidArgument", ("PUT", "/{b}/new", b"", [("x-amz-copy-source", "/hostile")])),
    ("copy of bad utf-8", 400, ("InvalidArgument", "InvalidURI"),
     ("PUT", "/{b}/new", b"", [("x-amz-copy-source", "/hostile/%ff")])),
    ("copy of a missing key", 404, "NoSuchKey",
     ("PUT", "/{b}/new", b"", [("x-amz-copy-source", "/hostile/%00")])),
    ("tags garbage", 400, ("InvalidArgument", "InvalidTag"), ("PUT", "/{b}/new", b"x", [("x-amz-tagging", "a=%zz&a=%zz")])),
    ("encrypted", 501, "NotImplemented", ("PUT", "/{b}/new", b"x", [("x-amz-server-side-encryption", "AES256")])),
    *((f"range {text[:20]}", 200, None, ("GET", "/{b}/old", b"", [("Range", text)])) for text in RANGES),
    *((f"range {text}", 416, "InvalidRange", ("GET", "/{b}/old", b"", [("Range", text)])) for text in
      ("bytes=-0", "bytes=30-", "bytes=30-31", "bytes=99999999999999999999-", "bytes=18446744073709551615-")),
    *((f"range {text}", 206, None, ("GET", "/{b}/old", b"", [("Range", text)])) for text in
      ("bytes=00-09", "bytes=0-99999999999999999999", "bytes=-99999999999999999999", "bytes=29-18446744073709551615")),
))
def test_targets_and_arguments(s3, status, code, ask_for):
    check_s3(ask(s3.port, s3.request(*ask_for)), status, code)


@pytest.mark.parametrize("status, code, data", table(
    ("missing key", 404, None, lambda s3: s3.request("HEAD", "/{b}/missing")),
    ("missing bucket", 404, None, lambda s3: s3.request("HEAD", "/no-such-bucket")),
    ("wrong secret", 403, None, lambda s3: s3.request("HEAD", "/{b}/old", signer={"secret_key": "x"})),
    ("anonymous", 403, None, lambda s3: lines(method="HEAD", target="/hostile/old")),
    ("bad utf-8", 400, None, lambda s3: s3.request("HEAD", "/{b}/%ff")),
    ("range", 416, None, lambda s3: s3.request("HEAD", "/{b}/old", headers=[("Range", "bytes=30-")])),
))
def test_errors_of_head_have_no_body(s3, status, code, data):
    with Connection(s3.port) as connection:
        check(connection.send(data(s3)).answer(is_head=True), status, code)
        connection.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            assert not connection.socket.recv(100), "bytes behind a HEAD answer"
            raise TimeoutError


# Bodies of objects. Every row is tried on a key that exists and one that doesn't; neither may change.

def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


A, B, C = b"a" * 8192, b"b" * 8192, b"c" * 100
CRC = [("x-amz-checksum-crc32", crc32(A + B + C))]
INCOMPLETE = (400, "IncompleteBody")


def sub(old, new, count=1):
    return lambda body: body.replace(old, new, count)


def chunk_rows(name, coding, **base):
    base = {"pieces": [A, B, C], **({"trailer": CRC} if coding.endswith("TRAILER") else {}), **base}
    size = b"2000;" if coding != UNSIGNED_TRAILER else b"2000\r"
    end = size[-1:]
    rows = [
        ("size not hexadecimal", *INCOMPLETE, {"spoil": sub(size, b"20g0" + end)}),
        ("size empty", *INCOMPLETE, {"spoil": sub(size, end)}),
        ("size negative", *INCOMPLETE, {"spoil": sub(size, b"-2000" + end)}),
        ("size with 0x", *INCOMPLETE, {"spoil": sub(size, b"0x2000" + end)}),
        ("size with a space", *INCOMPLETE, {"spoil": sub(size, b" 2000" + end)}),
        ("size 2^64 - 1", *INCOMPLETE, {"spoil": sub(size, b"f" * 16 + end)}),
        ("size 2^64", *INCOMPLETE, {"spoil": sub(size, b"10000000000000000" + end)}),
        ("size of 5,000 digits", *INCOMPLETE, {"spoil": sub(size, b"0" * 5000 + size)}),
        ("endless size line", *INCOMPLETE, {"spoil": lambda body: b"0" * 200_000}),
        ("chunk longer than it says", *INCOMPLETE, {"spoil": sub(A + b"\r\n", A + b"x\r\n")}),
        ("chunk shorter than it says", *(INCOMPLETE if coding == UNSIGNED_TRAILER else MISMATCH), {"spoil": sub(A + b"\r\n", A[1:] + b"\r\n")}),
        ("no line end behind a chunk", *INCOMPLETE, {"spoil": sub(A + b"\r\n", A)}),
        ("bare line feed behind a size", *INCOMPLETE, {"spoil": sub(b"\r\n", b"\n")}),
        ("no last chunk", *INCOMPLETE, {"finish": False}),
        ("cut in the last chunk", *INCOMPLETE, {"spoil": lambda body: body[:body.index(C) + 50]}),
        ("empty body", *INCOMPLETE, {"spoil": lambda body: b""}),
        ("plain body", *INCOMPLETE, {"spoil": lambda body: A + B + C}),
        ("more behind the end", *INCOMPLETE, {"tail": b"\r\n5\r\nhello\r\n0\r\n\r\n"}),
        ("decoded length too small", *INCOMPLETE, {"declared": "16483"}),
        ("decoded length too large", *INCOMPLETE, {"declared": "16485"}),
        ("decoded length 0", *INCOMPLETE, {"declared": "0"}),
        ("decoded length absent", 411, "MissingContentLength", {"declared": False}),
        ("decoded length garbage", 411, "MissingContentLength", {"declared": "many"}),
        ("decoded length negative", 411, "MissingContentLength", {"declared": "-1"}),
        ("decoded length 2^64", 411, "MissingContentLength", {"declared": "18446744073709551616"}),
        ("decoded length 6 GiB", 400, "EntityTooLarge", {"declared": str(6 << 30)}),
        ("small chunk in the middle", 400, "InvalidChunkSizeError", {"pieces": [A, C, B]}),
    ]
    if coding != UNSIGNED_TRAILER:
        rows += [
            *((f"wrong signature of chunk {n}", *MISMATCH, {"bad": n}) for n in range(4)),
            ("changed data", *MISMATCH, {"spoil": sub(b"aa", b"ab")}),
            ("chunks swapped", *MISMATCH, {"swap": True}),
            ("no signature", *INCOMPLETE, {"spoil": lambda body: b"2000" + body[body.index(b"\r\n"):]}),
            ("short signature", *INCOMPLETE, {"spoil": lambda body: body[:80] + body[body.index(b"\r\n"):]}),
            ("long signature", *INCOMPLETE, {"spoil": sub(b"\r\n", b"0\r\n")}),
            ("signature not hexadecimal", *INCOMPLETE, {"spoil": lambda body: body[:60] + b"zz" + body[62:]}),
            ("another extension", *INCOMPLETE, {"spoil": sub(b";chunk-signature=", b";chunk-sign=")}),
        ]
    if coding.endswith("TRAILER"):
        rows += [
            ("no trailer announced", 400, "MalformedTrailerError", {"announced": []}),
            ("another trailer announced", 400, "MalformedTrailerError", {"announced": ["x-amz-checksum-sha256"]}),
            ("unknown trailer", 400, "MalformedTrailerError", {"trailer": [("x-other", "a")]}),
            ("announced and not sent", 400, "MalformedTrailerError", {"trailer": [], "announced": ["x-amz-checksum-crc32"]}),
            ("empty trailer value", 400, "MalformedTrailerError", {"trailer": [("x-amz-checksum-crc32", "")]}),
            ("trailer without colon", 400, "MalformedTrailerError", {"spoil": sub(b"crc32:", b"crc32 ")}),
            ("trailer of 100 KB", 400, ("MalformedTrailerError", "IncompleteBody"),
             {"trailer": [("x-amz-checksum-crc32", "A" * 100_000)]}),
            ("trailer not base64", 400, "InvalidRequest", {"trailer": [("x-amz-checksum-crc32", "????")]}),
            ("trailer short", 400, "InvalidRequest", {"trailer": [("x-amz-checksum-crc32", "AAAA")]}),
            ("trailer wrong", 400, "BadDigest", {"trailer": [("x-amz-checksum-crc32", "AAAAAA==")]}),
            ("two trailers", 400, "InvalidRequest", {"trailer": [*CRC, ("x-amz-checksum-crc32c", "AAAAAA==")]}),
            ("header and trailer", 400, "InvalidRequest", {"headers": [("x-amz-checksum-crc32c", "AAAAAA==")]}),
            ("no end", *INCOMPLETE, {"tail": b""}),
        ]
    if coding == SIGNED_TRAILER:
        rows += [
            ("wrong trailer signature", *MISMATCH, {"trailer_signature": "0" * 64}),
            ("short trailer signature", 400, "IncompleteBody", {"trailer_signature": "0" * 63}),
            ("no trailer signature", *INCOMPLETE, {"trailer_signature": False}),
        ]
    return [(f"{name}, {row[0]}", *row[1:3], {"coding": coding, **base, **row[3]}, *row[4:]) for row in rows]


@pytest.mark.parametrize("coding", [SIGNED_CHUNKS, SIGNED_TRAILER, UNSIGNED_TRAILER])
def test_a_right_chunked_body_is_stored(s3, coding):
    trailer = CRC if coding.endswith("TRAILER") else ()
    check_s3(ask(s3.port, s3.chunked_put("right", coding, [A, B, C], trailer)), 200, None)
    assert s3.boto.get_object(Bucket="hostile", Key="right")["Body"].read() == A + B + C


def assert_unchanged(s3):
    assert ask(s3.port, s3.request(*GET)).body == OLD
    check_s3(ask(s3.port, s3.request("GET", "/{b}/new")), 404, "NoSuchKey")


@pytest.mark.parametrize("status, code, options", table(
    *chunk_rows("signed", SIGNED_CHUNKS), *chunk_rows("signed trailer", SIGNED_TRAILER),
    *chunk_rows("unsigned trailer", UNSIGNED_TRAILER),
    ("signature 4a chunks", 501, "NotImplemented", {"coding": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "pieces": [C]}),
))
def test_chunked_bodies(s3, status, code, options):
    for key in ("old", "new"):
        check_s3(ask(s3.port, s3.chunked_put(key, **options)), status, code)
    assert_unchanged(s3)


def http_chunked(s3, key, body, declared="10"):
    return s3.request("PUT", f"/{{b}}/{key}", payload=UNSIGNED, length=False, headers=[
        *([("x-amz-decoded-content-length", declared)] if declared else []), ("transfer-encoding", "chunked")]) + body


@pytest.mark.parametrize("status, code, data", table(
    ("no length", 411, "MissingContentLength", lambda s3, key: s3.request("PUT", f"/{{b}}/{key}", length=False)),
    ("chunked, no length", 411, "MissingContentLength", lambda s3, key: http_chunked(s3, key, b"0\r\n\r\n", None)),
    ("above 5 GiB", 400, "EntityTooLarge", lambda s3, key: s3.request(
        "PUT", f"/{{b}}/{key}", length=False, after=[("Content-Length", str((5 << 30) + 1))])),
    ("2^63 - 1", 400, "EntityTooLarge", lambda s3, key: s3.request(
        "PUT", f"/{{b}}/{key}", length=False, after=[("Content-Length", str(2**63 - 1))])),
    ("other content", 400, "XAmzContentSHA256Mismatch", lambda s3, key: s3.request("PUT", f"/{{b}}/{key}", b"good")[:-1] + b"!"),
    ("size not hexadecimal", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"xyz\r\n0123456789\r\n0\r\n\r\n")),
    ("size negative", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"-a\r\n0123456789\r\n0\r\n\r\n")),
    ("size empty", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"\r\n0123456789\r\n0\r\n\r\n")),
    ("size 2^64 + 10", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"1000000000000000a\r\n0123456789\r\n0\r\n\r\n")),
    ("size of 100 digits", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"0" * 99 + b"a\r\n0123456789\r\n0\r\n\r\n")),
    ("chunk too long", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"5\r\n0123456789\r\n0\r\n\r\n")),
    ("bare line feeds", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"a\n0123456789\n0\n\n")),
    ("100 KiB of extension", *INCOMPLETE, lambda s3, key: http_chunked(
        s3, key, b"a;" + b"x" * 102_400 + b"\r\n0123456789\r\n0\r\n\r\n")),
    ("100 KiB of trailers", *INCOMPLETE, lambda s3, key: http_chunked(
        s3, key, b"a\r\n0123456789\r\n0\r\n" + b"a: b\r\n" * 20_000 + b"\r\n")),
    ("nul in an extension", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"a;\0\r\n0123456789\r\n0\r\n\r\n")),
    ("shorter than declared", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"5\r\n01234\r\n0\r\n\r\n")),
    ("longer than declared", *INCOMPLETE, lambda s3, key: http_chunked(s3, key, b"b\r\n0123456789a\r\n0\r\n\r\n")),
    ("anonymous", *DENIED, lambda s3, key: lines("Content-Length: 1", method="PUT", target=f"/hostile/{key}") + b"x"),
    ("anonymous, signed chunks", 400, "InvalidRequest", lambda s3, key: lines(
        f"x-amz-content-sha256: {SIGNED_CHUNKS}", "Content-Length: 1", method="PUT", target=f"/hostile/{key}") + b"x"),
))
def test_plain_bodies(s3, status, code, data):
    for key in ("old", "new"):
        check_s3(ask(s3.port, data(s3, key)), status, code)
    assert_unchanged(s3)


@pytest.mark.parametrize("cut", ["closed", "reset", "half closed"])
@pytest.mark.parametrize("make", [
    pytest.param(lambda s3, key: s3.request("PUT", f"/{{b}}/{key}", A * 40), id="plain"),
    pytest.param(lambda s3, key: http_chunked(s3, key, b"a\r\n0123456789"), id="http chunks"),
    *(pytest.param(lambda s3, key, coding=coding: s3.chunked_put(
        key, coding, [A, B, C], CRC if coding.endswith("TRAILER") else ()), id=coding.lower())
      for coding in (SIGNED_CHUNKS, SIGNED_TRAILER, UNSIGNED_TRAILER)),
])
def test_truncated_bodies_store_nothing(s3, make, cut):
    for key in ("old", "new"):
        data = make(s3, key)
        data = data if data.endswith(b"6789") else data[:data.index(b"\r\n\r\n") + 4000]
        with Connection(s3.port) as connection:
            connection.send(data)
            if cut == "reset":
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            elif cut == "half closed":
                connection.socket.shutdown(socket.SHUT_WR)
                try:
                    check_s3(connection.answer(), *INCOMPLETE)
                except (EOFError, ConnectionResetError):
                    pass  # §7.3: closing is the other right answer.
    time.sleep(0.05)
    assert_unchanged(s3)


# Documents.

def md5(body):
    return [("Content-MD5", base64.b64encode(hashlib.md5(body).digest()).decode())]


def keys(count):
    return "<Delete>" + "".join(f"<Object><Key>k{n}</Key></Object>" for n in range(count)) + "</Delete>"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BAD_XML = [
    ("empty", ""), ("text", "hello"), ("json", '{"a":1}'), ("cut", keys(2)[:-12]), ("two roots", keys(1) * 2),
    ("dtd", f"<!DOCTYPE Delete>{keys(1)}"),
    ("billion laughs", f'<!DOCTYPE l [<!ENTITY l0 "ha">{LAUGHS}]><Delete><Object><Key>&l9;</Key></Object></Delete>'),
    ("external entity", '<!DOCTYPE l [<!ENTITY e SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&e;</Key></Object></Delete>'),
    ("unknown entity", keys(1).replace("k0", "&e;")), ("nul reference", keys(1).replace("k0", "&#0;")),
    ("reference above U+10FFFF", keys(1).replace("k0", "&#x110000;")),
     ("huge reference", keys(1).replace("k0", f"&#{'9' * 50};")),
    ("cut reference", keys(1).replace("k0", "&#x")), ("bare ampersand", keys(1).replace("k0", "a & b")),
    ("crossed tags", "<Delete><Object><Key>a</Object></Key></Delete>"),
     ("two same attributes", '<Delete a="1" a="2"></Delete>'),
    ("unquoted attribute", keys(1).replace("<Delete>", "<Delete a=1>")), ("nul", keys(1).replace("k0", "\0")),
    ("1,000 deep", "<a>" * 1000 + "</a>" * 1000), ("100,000 deep", "<a>" * 100_000),
     ("deep inside", "<Delete>" + "<a>" * 300),
    ("wrong root", keys(1).replace("Delete", "Remove")), ("utf-16", keys(1).encode("utf-16")),
    ("invalid utf-8", keys(1).encode().replace(b"k0", b"\xff\xfe")), ("gzip", zlib.compress(keys(1).encode())),
    ("unended comment", "<Delete><!-- " + "-" * 1000), ("unended cdata", "<Delete><![CDATA["), ("only a lesser sign", "<"),
    ("100,000 attributes", "<Delete " + " ".join(f'a{n}=""' for n in range(100_000)) + "/>"),
    ("1 MB name", f"<{'a' * 1_000_000}>"),
]
ASKS = {
    "delete": ("POST", "/{b}?delete"),
    "complete": ("POST", "/{b}/new?uploadId={u}"),
    "create": ("PUT", "/hostile-other"),
}


@pytest.fixture(scope="module")
def upload(s3):
    made = s3.boto.create_multipart_upload(Bucket="hostile", Key="new")["UploadId"]
    s3.parts = [s3.boto.upload_part(Bucket="hostile", Key="new", UploadId=made, PartNumber=n, Body=b"x")["ETag"] for n in (1, 2)]
    return made


@pytest.mark.parametrize("ask_for", ASKS)
@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in BAD_XML])
def test_bad_xml(s3, upload, text, ask_for):
    body = text if isinstance(text, bytes) else text.encode()
    if ask_for == "create" and not body:
        return  # The default region.
    method, target = ASKS[ask_for]
    started = time.monotonic()
    answer = ask(s3.port, s3.request(method, target.replace("{u}", upload), body, headers=md5(body)))
    too_long = len(body) > 64 << 10
    check_s3(answer, 400, ("MalformedXML", "MaxMessageLengthExceeded") if too_long else "MalformedXML")
    assert time.monotonic() - started < 3


def complete(*parts):
    listed = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in parts)
    return f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>"


TAG = '"' + "0" * 32 + '"'
TOO_LONG = ("MalformedXML", "MaxMessageLengthExceeded")


@pytest.mark.parametrize("status, code, ask_for", table(
    ("delete 1,001 keys", 400, "MalformedXML", ("POST", "/{b}?delete", keys(1001))),
    ("delete nothing", 400, "MalformedXML", ("POST", "/{b}?delete", "<Delete/>")),
    ("delete an empty key", 400, ("MalformedXML", "UserKeyMustBeSpecified"),
     ("POST", "/{b}?delete", keys(1).replace("k0", ""))),
    ("delete, no key", 400, "MalformedXML", ("POST", "/{b}?delete", "<Delete><Object/></Delete>")),
    ("delete, 3 MB", 400, TOO_LONG, ("POST", "/{b}?delete", keys(1) + " " * 3_000_000)),
    ("complete, 5 MB", 400, TOO_LONG, ("POST", "/{b}/new?uploadId={u}", complete((1, TAG)) + " " * 5_000_000)),
    ("create, 3 MB", 400, TOO_LONG, ("PUT", "/hostile-other", " " * 3_000_000)),
    ("part 0", 400, "InvalidArgument", ("PUT", "/{b}/new?partNumber=0&uploadId={u}", "x")),
    ("part -1", 400, "InvalidArgument", ("PUT", "/{b}/new?partNumber=-1&uploadId={u}", "x")),
    ("part 10,001", 400, "InvalidArgument", ("PUT", "/{b}/new?partNumber=10001&uploadId={u}", "x")),
    ("part abc", 400, "InvalidArgument", ("PUT", "/{b}/new?partNumber=abc&uploadId={u}", "x")),
    ("part 2^64 + 1", 400, "InvalidArgument", ("PUT", "/{b}/new?partNumber=18446744073709551617&uploadId={u}", "x")),
    ("part without a number", 400, ("InvalidArgument", "InvalidRequest"), ("PUT", "/{b}/new?partNumber=&uploadId={u}", "x")),
    ("part without an upload", 400, "InvalidArgument", ("PUT", "/{b}/new?partNumber=1", "x")),
    ("part of an unknown upload", 404, "NoSuchUpload", ("PUT", f"/{{b}}/new?partNumber=1&uploadId={'0' * 32}", "x")),
    ("part of an empty upload", 404, "NoSuchUpload", ("PUT", "/{b}/new?partNumber=1&uploadId=", "x")),
    ("part of a path", 404, "NoSuchUpload", ("PUT", "/{b}/new?partNumber=1&uploadId=..%2F..%2Fx%00", "x")),
    ("part of a long upload", 404, "NoSuchUpload", ("PUT", f"/{{b}}/new?partNumber=1&uploadId={'a' * 5000}", "x")),
    ("part of another key", 404, "NoSuchUpload", ("PUT", "/{b}/other?partNumber=1&uploadId={u}", "x")),
    ("abort an unknown upload", 404, "NoSuchUpload", ("DELETE", f"/{{b}}/new?uploadId={'0' * 32}", "")),
    ("list an unknown upload", 404, "NoSuchUpload", ("GET", f"/{{b}}/new?uploadId={'f' * 32}", "")),
    ("complete an unknown upload", 404, "NoSuchUpload",
     ("POST", f"/{{b}}/new?uploadId={'f' * 32}", complete((1, TAG)))),
    ("complete, no parts", 400, "MalformedXML", ("POST", "/{b}/new?uploadId={u}", complete())),
    ("complete, unknown part", 400, "InvalidPart", ("POST", "/{b}/new?uploadId={u}", complete((7, TAG)))),
    ("complete, wrong tag", 400, "InvalidPart", ("POST", "/{b}/new?uploadId={u}", complete((1, TAG)))),
    ("complete, tag with markup", 400, "InvalidPart", ("POST", "/{b}/new?uploadId={u}", complete((1, "&lt;x&gt;")))),
    ("complete, backwards", 400, "InvalidPartOrder", ("POST", "/{b}/new?uploadId={u}", complete((2, "{t2}"), (1, "{t1}")))),
    ("complete, twice the same", 400, "InvalidPartOrder",
     ("POST", "/{b}/new?uploadId={u}", complete((1, "{t1}"), (1, "{t1}")))),
    ("complete, small parts", 400, "EntityTooSmall", ("POST", "/{b}/new?uploadId={u}", complete((1, "{t1}"), (2, "{t2}")))),
    ("complete, part abc", 400, "MalformedXML", ("POST", "/{b}/new?uploadId={u}", complete(("abc", TAG)))),
    ("complete, part 2^64", 400, ("MalformedXML", "InvalidPart", "InvalidArgument"),
     ("POST", "/{b}/new?uploadId={u}", complete((2**64, TAG)))),
    ("complete, part 0", 400, ("InvalidPart", "InvalidArgument", "MalformedXML"),
     ("POST", "/{b}/new?uploadId={u}", complete((0, TAG)))),
    ("complete, no tag", 400, "MalformedXML", ("POST", "/{b}/new?uploadId={u}", complete((1, TAG)).replace("ETag", "Tag"))),
    ("copied part, range garbage", 400, "InvalidArgument", ("PUT", "/{b}/new?partNumber=1&uploadId={u}", "", [
        ("x-amz-copy-source", "/hostile/old"), ("x-amz-copy-source-range", "bytes=1-")])),
    ("copied part, range past the end", 400, ("InvalidRange", "InvalidArgument"),
     ("PUT", "/{b}/new?partNumber=1&uploadId={u}", "", [
        ("x-amz-copy-source", "/hostile/old"), ("x-amz-copy-source-range", "bytes=0-99999999999999999999")])),
    ("policy, no json", 400, "MalformedPolicy", ("PUT", "/{b}?policy", "<xml/>")),
    ("policy, 10,000 deep", 400, "MalformedPolicy", ("PUT", "/{b}?policy", "[" * 10_000)),
    ("policy, two same members", 400, "MalformedPolicy",
     ("PUT", "/{b}?policy", '{"Version":"2012-10-17","Version":"2012-10-17"}')),
    ("policy, 21 KiB", 400, ("PolicyTooLarge", "EntityTooLarge"), ("PUT", "/{b}?policy", '"' + "a" * 21_000 + '"')),
))
def test_documents_and_multipart(s3, upload, status, code, ask_for):
    method, target, text, headers = (*ask_for, [])[:4]
    for number, tag in enumerate(s3.parts, 1):
        text = text.replace(f"{{t{number}}}", tag)
    body = text.encode()
    digest = md5(body) if body and "?" in target and "partNumber" not in target else []
    request = s3.request(method, target.replace("{u}", upload), body, headers=[*headers, *digest])
    check_s3(ask(s3.port, request), status, code)
    assert_unchanged(s3)


def test_a_delete_without_a_digest_is_refused(s3):
    check_s3(ask(s3.port, s3.request("POST", "/{b}?delete", keys(1).encode())), 400, "InvalidRequest")


# Connections.

@pytest.mark.parametrize("status, code, options", table(
    ("wrong secret", *MISMATCH, {"signer": {"secret_key": "x"}}),
    ("unknown key", 403, "InvalidAccessKeyId", {"signer": {"access_key": "x"}}),
    ("no such bucket", 404, "NoSuchBucket", {"target": "/no-such-bucket/new"}),
    ("condition", 412, "PreconditionFailed", {"target": "/{b}/old", "headers": [("If-None-Match", "*")]}),
    ("too long", 400, "EntityTooLarge", {"count": (5 << 30) + 1}),
    ("key too long", 400, "KeyTooLongError", {"target": "/{b}/" + LONG}),
))
def test_a_refusal_comes_before_100_continue(s3, status, code, options):
    options = {**options}
    target, count = options.pop("target", "/{b}/new"), options.pop("count", 5)
    request = s3.request("PUT", target, payload=UNSIGNED, length=False, **options,
                         after=[("Content-Length", str(count)), ("Expect", "100-continue")])
    with Connection(s3.port) as connection:
        check_s3(connection.send(request).answer(), status, code)


def test_100_continue_comes_once_the_request_may_go_on(s3):
    request = s3.request("PUT", "/{b}/continued", b"hello", after=[("Expect", "100-continue")])
    with Connection(s3.port) as connection:
        assert connection.send(request[:-5]).answer().status == 100
        check_s3(connection.send(b"hello").answer(), 200, None)


def test_pipelined_requests_are_answered_in_order(s3):
    requests = [
        (s3.request(*GET), 200, None), (s3.request("GET", "/{b}/missing"), 404, "NoSuchKey"),
        (s3.request("HEAD", "/{b}/old"), 200, None), (s3.request("PUT", "/{b}/piped", b"piped"), 200, None),
        (s3.request("GET", "/{b}/piped"), 200, None), (s3.request("PUT", "/{b}/%ff", b"small"), 400, "InvalidURI"),
        (s3.request(*GET, headers=[("Range", "bytes=0-2")]), 206, None), (s3.request("DELETE", "/{b}/piped"), 204, None),
        (s3.request("GET", "/{b}/piped"), 404, "NoSuchKey"),
    ] * 20
    with Connection(s3.port) as connection:
        connection.send(b"".join(data for data, _, _ in requests))
        for data, status, code in requests:
            check_s3(connection.answer(is_head=data.startswith(b"HEAD")), status, code)


def test_a_body_is_never_read_as_a_request(s3):
    """A refused body holds a whole request: it is dropped, or the connection closes."""
    inner = s3.request("PUT", "/{b}/new", b"smuggled")
    for padding in (0, 200_000):
        outer = s3.request("PUT", "/{b}/x", inner + b" " * padding, signer={"secret_key": "x"})
        with Connection(s3.port) as connection:
            check_s3(connection.send(outer).answer(), *MISMATCH)
            try:
                check_s3(connection.send(s3.request(*GET)).answer(), 200, None)
            except (EOFError, OSError):
                pass
    assert_unchanged(s3)


def test_random_damage(s3, registry):
    """Bytes of right requests replaced, doubled and dropped: an answer below 500, or a closed connection."""
    dice = random.Random(7)
    for turn in range(600):
        request = [
            s3.chunked_put("damaged", UNSIGNED_TRAILER, [A, C], [("x-amz-checksum-crc32", crc32(A + C))]),
            s3.request("PUT", "/{b}/damaged", b"x" * 50, headers=[("x-amz-meta-a", "b")]),
            s3.presigned(target="/{b}/old?response-content-type=a"),
            head("PUT", "/v2/team/app/manifests/damaged", [
                ("Host", "x"), ("Authorization", registry.authorization), ("Content-Type", OCI),
                ("Content-Length", str(len(manifest())))]) + manifest().encode(),
        ][turn % 4]
        for _ in range(dice.randint(1, 4)):
            at, count = dice.randrange(len(request)), dice.choice((1, 1, 1, 8, 200))
            by = dice.choice((b"", dice.randbytes(count), request[at:at + count] * 2, b"\r\n", b"0", b"\"", b"%", b"{"))
            request = request[:at] + by + request[at + count:]
        with Connection(s3.port if turn % 4 < 3 else registry.port) as connection:
            connection.send(request)
            connection.socket.shutdown(socket.SHUT_WR)
            try:
                answer = connection.answer()
                assert answer.status < 500 or answer.status in (501, 505), (request, answer)
            except (EOFError, ConnectionResetError):
                pass


def test_500_connections_that_say_nothing_useful(s3):
    garbage = [b"", b"\r\n" * 100, b"\0" * 1000, b"GET / HTTP/1.1\r\n", s3.request("PUT", "/{b}/new", A)[:-8000]]
    connections = [Connection(s3.port).send(garbage[n % len(garbage)]) for n in range(500)]
    check_s3(ask(s3.port, s3.request(*GET)), 200, None)
    for connection in connections:
        connection.socket.close()
    time.sleep(0.1)
    assert_unchanged(s3)


# The registry.

class Registry:
    def __init__(self, server):
        self.port = server.ports["registry"]
        self.authorization = basic(server.access_key, server.secret_key)

    def ask(self, method, target, body=b"", headers=(), authorization=True, length=True):
        value = self.authorization if authorization is True else authorization
        pairs = [("Host", "x"), *([("Authorization", value)] if value else []), *headers]
        if length and (body or method in ("PUT", "POST", "PATCH")):
            pairs.append(("Content-Length", str(len(body))))
        return ask(self.port, head(method, target, pairs) + body, is_head=method == "HEAD")

    def session(self, name="team/app"):
        answer = self.ask("POST", f"/v2/{name}/blobs/uploads/")
        assert answer.status == 202
        return answer.header("location")


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


BLOB = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def registry(server):
    made = Registry(server)
    for data in (BLOB, b"{}"):
        assert made.ask("POST", f"/v2/team/app/blobs/uploads/?digest={sha256(data)}", data).status == 201
    return made


OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
D0 = "sha256:" + "0" * 64
NAME, DIGEST = (400, "NAME_INVALID"), (400, "DIGEST_INVALID")
UNKNOWN_PATH = (404, ("UNSUPPORTED", "NAME_UNKNOWN", "NAME_INVALID"))
UPLOAD_UNKNOWN = (404, "BLOB_UPLOAD_UNKNOWN")


@pytest.mark.parametrize("status, code, ask_for", table(
    ("ping", 200, None, ("GET", "/v2/")),
    ("digest garbage", *DIGEST, ("GET", "/v2/team/app/blobs/sha256:xyz")),
    ("digest in upper case", *DIGEST, ("GET", "/v2/team/app/blobs/sha256:" + "A" * 64)),
    ("digest short", *DIGEST, ("GET", "/v2/team/app/blobs/sha256:" + "0" * 63)),
    ("digest long", *DIGEST, ("GET", "/v2/team/app/blobs/sha256:" + "0" * 65)),
    ("digest md5", *DIGEST, ("GET", "/v2/team/app/blobs/md5:" + "0" * 32)),
    ("sha512 of 64 digits", *DIGEST, ("GET", "/v2/team/app/blobs/sha512:" + "0" * 64)),
    ("digest with nul", *DIGEST, ("GET", "/v2/team/app/blobs/sha256:%00" + "0" * 63)),
    ("digest with path", 404, "UNSUPPORTED", ("GET", "/v2/team/app/blobs/sha256:..%2f..%2f" + "0" * 58)),
    ("digest without colon", *DIGEST, ("GET", "/v2/team/app/blobs/sha256")),
    ("digest of 10,000 bytes", *DIGEST, ("GET", "/v2/team/app/blobs/sha256:" + "0" * 10_000)),
    ("delete digest garbage", *DIGEST, ("DELETE", "/v2/team/app/blobs/sha256:xyz")),
    ("referrers of garbage", *DIGEST, ("GET", "/v2/team/app/referrers/sha256:xyz")),
    ("manifest digest garbage", 400, ("DIGEST_INVALID", "MANIFEST_INVALID"), ("GET", "/v2/team/app/manifests/sha256:xyz")),
    ("manifest put at garbage", *DIGEST, ("PUT", "/v2/team/app/manifests/sha256:baddigeststring", b"{}")),
    ("manifest put at a bad tag", 400, ("MANIFEST_INVALID", "TAG_INVALID", "NAME_INVALID"),
     ("PUT", "/v2/team/app/manifests/-bad", b"{}")),
    ("manifest put at a long tag", 400, ("MANIFEST_INVALID", "TAG_INVALID", "NAME_INVALID"),
     ("PUT", "/v2/team/app/manifests/" + "t" * 129, b"{}")),
    ("no such blob", 404, "BLOB_UNKNOWN", ("GET", "/v2/team/app/blobs/" + D0)),
    ("no such manifest", 404, "MANIFEST_UNKNOWN", ("GET", "/v2/team/app/manifests/" + D0)),
    ("no such repository", 404, "NAME_UNKNOWN", ("GET", "/v2/nobody/tags/list")),
    ("head of no such blob", 404, None, ("HEAD", "/v2/team/app/blobs/" + D0)),
    ("head of a bad name", 400, None, ("HEAD", "/v2/BAD/blobs/" + D0)),
    *((f"name {name[:12]!r}", *NAME, ("POST", f"/v2/{name}/blobs/uploads/")) for name in (
        "UPPER", "-a", "a-", "a..b", "a___b", "a//b", "/a", "a/", ".", "..", "a/../b", "%2e%2e", "..%2f..%2fetc", "a%00b", "a%20b",
        "%c3%a9", "%ff", "a" * 256, "/".join("a" * 33), "a:b", "a@b", "a%5cb")),
    ("bad percent-encoding", *NAME, ("GET", "/v2/a%zz/tags/list")),
    ("path climbs", 400, ("NAME_INVALID", "DIGEST_INVALID"), ("GET", "/v2/team/app/blobs/../../other/blobs/" + D0)),
    ("path climbs out", *UNKNOWN_PATH, ("GET", "/v2/../../etc/passwd")),
    ("two slashes", *UNKNOWN_PATH, ("GET", "//v2/")),
    ("unknown version", *UNKNOWN_PATH, ("GET", "/v1/_ping")),
    ("unknown suffix", *UNKNOWN_PATH, ("GET", "/v2/team/app/secrets")),
    ("only a name", *UNKNOWN_PATH, ("GET", "/v2/team")),
    ("absolute form", 200, None, ("GET", "http://x/v2/")),
    ("post on a manifest", 405, "UNSUPPORTED", ("POST", "/v2/team/app/manifests/a")),
    ("put on a blob", 405, "UNSUPPORTED", ("PUT", "/v2/team/app/blobs/" + D0)),
    ("get on uploads", 405, "UNSUPPORTED", ("GET", "/v2/team/app/blobs/uploads/")),
    ("lower-case method", 405, "UNSUPPORTED", ("get", "/v2/team/app/tags/list")),
    ("delete the tags", 405, "UNSUPPORTED", ("DELETE", "/v2/team/app/tags/list")),
    ("n negative", 400, "UNSUPPORTED", ("GET", "/v2/team/app/tags/list?n=-1")),
    ("n garbage", 400, "UNSUPPORTED", ("GET", "/v2/team/app/tags/list?n=many")),
    ("n empty", 400, "UNSUPPORTED", ("GET", "/v2/_catalog?n=")),
    ("n 2^64", 200, None, ("GET", "/v2/team/app/tags/list?n=18446744073709551616")),
    ("last garbage", 200, None, ("GET", "/v2/team/app/tags/list?last=%00%ff..%2f")),
    ("session unknown", *UPLOAD_UNKNOWN, ("GET", "/v2/team/app/blobs/uploads/00000000-0000-4000-8000-000000000000")),
    ("session garbage", *UPLOAD_UNKNOWN, ("PATCH", "/v2/team/app/blobs/uploads/%00..%5c", b"x")),
    ("session of 10,000 bytes", *UPLOAD_UNKNOWN, ("DELETE", "/v2/team/app/blobs/uploads/" + "a" * 10_000)),
    ("put to no session", *UPLOAD_UNKNOWN, ("PUT", f"/v2/team/app/blobs/uploads/x?digest={D0}", b"x")),
    ("mount garbage", *DIGEST, ("POST", "/v2/team/app/blobs/uploads/?mount=sha256:xyz&from=team/app")),
    ("mount from garbage", 202, None, ("POST", f"/v2/team/app/blobs/uploads/?mount={D0}&from=..%2F..")),
    ("whole blob, digest garbage", *DIGEST, ("POST", "/v2/team/app/blobs/uploads/?digest=xyz", b"x")),
    ("whole blob, wrong digest", *DIGEST, ("POST", f"/v2/team/app/blobs/uploads/?digest={D0}", b"x")),
    ("unknown algorithm", *DIGEST, ("POST", "/v2/team/app/blobs/uploads/?digest-algorithm=md5")),
    ("no credentials", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), None)),
    ("no credentials, unknown name", 401, "UNAUTHORIZED", ("GET", "/v2/nobody/tags/list", b"", (), None)),
    ("no credentials, bad name", 401, "UNAUTHORIZED", ("GET", "/v2/BAD/tags/list", b"", (), None)),
    ("no credentials, push", 401, "UNAUTHORIZED", ("POST", "/v2/team/app/blobs/uploads/", b"x", (), None)),
    ("head without credentials", 401, None, ("HEAD", "/v2/", b"", (), None)),
    ("wrong password", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), basic("clienttests", "x"))),
    ("empty password", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), basic("clienttests", ""))),
    ("unknown user", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), basic("nobody", "client-tests-secret"))),
    ("not base64", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), "Basic ????")),
    ("no colon", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), "Basic " + base64.b64encode(b"clienttests").decode())),
    ("invalid utf-8", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), "Basic " + base64.b64encode(b"\xff:\xff").decode())),
    ("60 KiB password", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), basic("clienttests", "x" * 40_000))),
    ("bearer", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), "Bearer abc.def.ghi")),
    ("one word", 401, "UNAUTHORIZED", ("GET", "/v2/", b"", (), "Basic")),
    *((f"range {text[:16]}", 200, None, ("GET", f"/v2/team/app/blobs/{sha256(BLOB)}", b"", [("Range", text)])) for text in (
        "bytes=" + ",".join(f"{n * 2}-{n * 2}" for n in range(4097)), "bytes=0-9,5-10", "bytes=a-b", "foo=0-1",
        "bytes=" + "0-," * 10_000, "bytes=" + "9" * 30_000)),
    *((f"range {text}", 416, "RANGE_INVALID", ("GET", f"/v2/team/app/blobs/{sha256(BLOB)}", b"", [("Range", text)])) for text in (
        "bytes=500-0", "bytes=10240-", "bytes=99999999999999999999-", "bytes=-0")),
    ("1,024 ranges", 206, None, ("GET", f"/v2/team/app/blobs/{sha256(BLOB)}", b"", [
        ("Range", "bytes=" + ",".join(f"{n * 10}-{n * 10 + 1}" for n in range(1024)))])),
))
def test_registry_requests(registry, status, code, ask_for):
    check_oci(registry.ask(*ask_for), status, code)


@pytest.mark.parametrize("status, code, ask_for", table(
    ("gap", 416, "RANGE_INVALID", ("PATCH", "", b"x" * 10, "20-29")),
    ("again", 416, "RANGE_INVALID", ("PATCH", "", b"x" * 10, "0-9")),
    ("backwards", 416, "RANGE_INVALID", ("PATCH", "", b"x" * 10, "10-5")),
    ("too short", 400, "SIZE_INVALID", ("PATCH", "", b"x" * 9, "10-19")),
    ("too long", 400, "SIZE_INVALID", ("PATCH", "", b"x" * 11, "10-19")),
    ("garbage", 400, ("BLOB_UPLOAD_INVALID", "SIZE_INVALID"), ("PATCH", "", b"x", "garbage")),
    ("negative", 400, ("BLOB_UPLOAD_INVALID", "SIZE_INVALID"), ("PATCH", "", b"x", "-1-5")),
    ("overflow", 400, ("BLOB_UPLOAD_INVALID", "SIZE_INVALID"), ("PATCH", "", b"x", "10-18446744073709551616")),
    ("wrong last chunk", 416, "RANGE_INVALID", ("PUT", f"?digest={D0}", b"x", "20-20")),
    ("no digest", *DIGEST, ("PUT", "", b"", None)),
    ("digest garbage", *DIGEST, ("PUT", "?digest=sha256:xyz", b"", None)),
))
def test_bad_chunks_leave_the_session(registry, status, code, ask_for):
    method, query, body, content_range = ask_for
    session = registry.session()
    assert registry.ask("PATCH", session, b"0123456789", [("Content-Range", "0-9")]).status == 202
    answer = registry.ask(method, session + query, body, [("Content-Range", content_range)] if content_range else [])
    check_oci(answer, status, code)
    if status == 416:
        assert (answer.header("location"), answer.header("range")) == (session, "0-9")
    for other in (session.replace("team/app", "team/other"), session.replace("team/app", "team")):
        for verb in ("GET", "PATCH", "PUT", "DELETE"):
            target = other + (f"?digest={D0}" if verb == "PUT" else "")
            check_oci(registry.ask(verb, target, b"x" if verb[0] == "P" else b""), *UPLOAD_UNKNOWN)
    assert registry.ask("GET", session).header("range") == "0-9"
    assert registry.ask("PUT", f"{session}?digest={sha256(b'0123456789')}").status == 201


def test_a_wrong_digest_ends_the_session(registry):
    session = registry.session()
    check_oci(registry.ask("PUT", f"{session}?digest={D0}", b"x"), *DIGEST)
    check_oci(registry.ask("GET", session), *UPLOAD_UNKNOWN)
    check_oci(registry.ask("GET", f"/v2/team/app/blobs/{D0}"), 404, "BLOB_UNKNOWN")


def test_a_cut_chunk_keeps_what_arrived(registry):
    session = registry.session()
    with Connection(registry.port) as connection:
        connection.send(head("PATCH", session, [
            ("Host", "x"), ("Authorization", registry.authorization), ("Content-Length", "100000")]) + b"x" * 50_000)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and registry.ask("GET", session).header("range") != "0-49999":
        time.sleep(0.02)
    assert registry.ask("GET", session).header("range") == "0-49999"
    assert registry.ask("PUT", f"{session}?digest={sha256(b'x' * 50_000)}").status == 201


def test_the_registry_refuses_before_100_continue(registry):
    for authorization, status in ((basic("x", "y"), 401), (registry.authorization, 404)):
        data = head("PATCH", "/v2/team/app/blobs/uploads/x", [
            ("Host", "x"), ("Authorization", authorization), ("Content-Length", "10"), ("Expect", "100-continue")])
        assert ask(registry.port, data).status == status


def manifest(**fields):
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": sha256(b"{}"), "size": 2}
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": sha256(BLOB), "size": len(BLOB)}
    made = {"schemaVersion": 2, "mediaType": OCI, "config": config, "layers": [layer], **fields}
    return json.dumps({name: value for name, value in made.items() if value is not None})


def layers(**fields):
    layer = {"mediaType": "a/b", "digest": sha256(BLOB), "size": len(BLOB), **fields}
    return manifest(layers=[{name: value for name, value in layer.items() if value is not None}])


DEEP = '{"a":' * 33 + "1" + "}" * 33
INVALID = (400, "MANIFEST_INVALID")


@pytest.mark.parametrize("status, code, ask_for", table(
    ("empty", *INVALID, ("", OCI)), ("text", *INVALID, ("hello", OCI)), ("list", *INVALID, ("[]", OCI)),
    ("null", *INVALID, ("null", OCI)), ("no members", *INVALID, ("{}", OCI)), ("cut", *INVALID, (manifest()[:-1], OCI)),
    ("two documents", *INVALID, (manifest() * 2, OCI)), ("comment", *INVALID, ("/**/" + manifest(), OCI)),
    ("duplicate key", *INVALID, (manifest()[:-1] + ', "schemaVersion": 2}', OCI)),
    ("duplicate key, escaped", *INVALID, (manifest()[:-1] + ', "schem\\u0061Version": 2}', OCI)),
    ("duplicate key deep inside", *INVALID, (manifest()[:-1] + ', "x": {"y": [{"z": 1, "z": 1}]}}', OCI)),
    ("33 deep", *INVALID, (manifest()[:-1] + f', "x": {DEEP}}}', OCI)),
    ("1,000,000 deep", *INVALID, ("[" * 1_000_000, OCI)),
    ("1,000,000 objects deep", *INVALID, ('{"a":' * 600_000, OCI)),
    ("invalid utf-8", *INVALID, (manifest(annotations={"a": "@@"}).encode().replace(b"@@", b"\xff\xfe"), OCI)),
    ("lone surrogate", *INVALID, (manifest()[:-1] + ', "x": "\\ud800"}', OCI)),
    ("raw control byte", *INVALID, (manifest()[:-1] + ', "x": "\x01"}', OCI)),
    ("5 MiB", 413, "MANIFEST_INVALID", (manifest(annotations={"a": "b" * (5 << 20)}), OCI)),
    ("5 MiB of spaces", 413, "MANIFEST_INVALID", (manifest() + " " * (5 << 20), OCI)),
    ("schema 1", *INVALID, (manifest(schemaVersion=1), OCI)), ("schema 2.5", *INVALID, (manifest(schemaVersion=2.5), OCI)),
    ("schema 1e400", *INVALID, (manifest().replace('"schemaVersion": 2', '"schemaVersion": 1e400'), OCI)),
    ("schema text", *INVALID, (manifest(schemaVersion="2"), OCI)),
    ("manifests and layers", *INVALID, (manifest(manifests=[]), OCI)),
    ("other content type", *INVALID, (manifest(), INDEX)), ("unknown type", *INVALID, (manifest(mediaType="a/b"), "a/b")),
    ("no type", *INVALID, (manifest(mediaType=None), None)),
    ("docker schema 1", *INVALID, (manifest(mediaType=None), "application/vnd.docker.distribution.manifest.v1+prettyjws")),
    ("no config", *INVALID, (manifest(config=None), OCI)), ("config text", *INVALID, (manifest(config="x"), OCI)),
    ("layers object", *INVALID, (manifest(layers={}), OCI)), ("layers of numbers", *INVALID, (manifest(layers=[1]), OCI)),
    ("negative size", *INVALID, (layers(size=-1), OCI)), ("size 2^64", *INVALID, (layers(size=2**64), OCI)),
    ("size text", *INVALID, (layers(size="1"), OCI)), ("no size", *INVALID, (layers(size=None), OCI)),
    ("no media type", *INVALID, (layers(mediaType=None), OCI)), ("empty media type", *INVALID, (layers(mediaType=""), OCI)),
    ("wrong size", 400, ("SIZE_INVALID", "MANIFEST_INVALID"), (layers(size=1), OCI)),
    ("digest garbage", 400, ("MANIFEST_INVALID", "DIGEST_INVALID"), (layers(digest="sha256:xyz"), OCI)),
    ("data not base64", *INVALID, (layers(data="????"), OCI)), ("data of other content", 400, (
        "MANIFEST_INVALID", "DIGEST_INVALID"), (layers(size=10_240, data=base64.b64encode(b"x" * 10_240).decode()), OCI)),
    ("missing layer", 400, "MANIFEST_BLOB_UNKNOWN", (layers(digest=D0), OCI)),
    ("100,000 missing layers", 400, ("MANIFEST_INVALID", "MANIFEST_BLOB_UNKNOWN"), (
        manifest(layers=[{"mediaType": "a", "digest": D0, "size": 1}] * 30_000), OCI)),
))
def test_manifests(registry, status, code, ask_for):
    text, media_type = ask_for
    body = text if isinstance(text, bytes) else text.encode()
    headers = [("Content-Type", media_type)] if media_type else []
    check_oci(registry.ask("PUT", "/v2/team/app/manifests/bad", body, headers), status, code)
    check_oci(registry.ask("GET", "/v2/team/app/manifests/bad"), 404, ("MANIFEST_UNKNOWN", "NAME_UNKNOWN"))


@pytest.mark.parametrize("status, code, target", table(
    ("another digest", *DIGEST, D0), ("a bad tag", 400, ("MANIFEST_INVALID", "TAG_INVALID"), "{d}?tag=-bad"),
    ("65 tags", 414, "UNSUPPORTED", "{d}?" + "&".join(f"tag=t{n}" for n in range(65))),
))
def test_manifests_by_digest(registry, status, code, target):
    body = manifest().encode()
    target = target.replace("{d}", sha256(body))
    check_oci(registry.ask("PUT", f"/v2/team/app/manifests/{target}", body, [("Content-Type", OCI)]), status, code)


def test_a_cut_manifest_is_not_stored(registry):
    body = manifest().encode()
    with Connection(registry.port) as connection:
        connection.send(head("PUT", "/v2/team/app/manifests/cut", [
            ("Host", "x"), ("Authorization", registry.authorization), ("Content-Type", OCI),
            ("Content-Length", str(len(body) + 1))]) + body)
    time.sleep(0.1)
    check_oci(registry.ask("GET", "/v2/team/app/manifests/cut"), 404, ("MANIFEST_UNKNOWN", "NAME_UNKNOWN"))


# Last: what ran beside everything else, and the server itself.

@pytest.mark.parametrize("name", ["head", "silent head", "endless lines"])
def test_a_slow_head_is_cut(slow, name):
    seconds, answer, closed = slow(name)
    assert 8 < seconds < 16, seconds
    if answer:
        check_s3(answer, 400, "RequestTimeout")
        assert closed


def test_a_stalled_body_is_cut(slow, s3):
    seconds, answer, closed = slow("stalled body")
    assert 25 < seconds < 40, seconds
    if answer:
        check_s3(answer, 400, "RequestTimeout")
        assert closed
    check_s3(ask(s3.port, s3.request("GET", "/{b}/stalled")), 404, "NoSuchKey")


def test_a_slow_but_steady_body_is_stored(slow, s3):
    check_s3(slow("steady body")[1], 200, None)
    assert s3.boto.get_object(Bucket="hostile", Key="slow")["Body"].read() == b"12345678"


def test_the_server_lives_on(server, s3, registry):
    assert server.process.poll() is None and server.is_ready()
    check_s3(ask(s3.port, s3.request(*GET)), 200, None)
    check_oci(registry.ask("GET", "/v2/"), 200, None)
    with open(f"/proc/{server.pid}/status") as file:
        peak = next(int(line.split()[1]) << 10 for line in file if line.startswith("VmHWM"))
    assert peak < 300 << 20, f"{peak >> 20} MiB at the peak"
    assert "InternalError" not in server.log_text()
