# Copyright the Drydock authors
# SPDX-License-Identifier: Apache-2.0
"""A client that says exactly what it is told: signed requests with any part wrong, raw sockets, a strict reader."""

import base64
import dataclasses
import datetime
import hashlib
import hmac
import json
import re
import socket
import urllib.parse
import xml.etree.ElementTree

EMPTY = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = SIGNED_CHUNKS + "-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def hmac256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def now(seconds=0):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


def stamp(moment):
    return moment.strftime("%Y%m%dT%H%M%SZ")


def latin(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")


def head(method, target, headers, version="HTTP/1.1"):
    """Header pairs as given, in order; nothing is added."""
    lines = [b" ".join(map(latin, (method, target, version)))] + [latin(n) + b": " + latin(v) for n, v in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


@dataclasses.dataclass
class Signer:
    """Signature version 4; every field may lie."""

    access_key: str
    secret_key: str
    region: str = "us-east-1"
    service: str = "s3"
    terminal: str = "aws4_request"
    scope_day: str = None
    algorithm: str = "AWS4-HMAC-SHA256"

    def scope(self, date):
        return f"{self.scope_day or date[:8]}/{self.region}/{self.service}/{self.terminal}"

    def key(self, date):
        key = ("AWS4" + self.secret_key).encode()
        for part in (self.scope_day or date[:8], self.region, self.service, self.terminal):
            key = hmac256(key, part)
        return key

    def signature(self, method, target, headers, signed, payload, date):
        path, _, query = target.partition("?")
        pairs = [part.partition("=")[::2] for part in query.split("&") if part]
        encode = lambda text, safe: urllib.parse.quote(urllib.parse.unquote_to_bytes(text), safe=safe)  # noqa: E731
        canonical_query = "&".join(f"{n}={v}" for n, v in sorted((encode(n, "-_.~"), encode(v, "-_.~")) for n, v in pairs))
        values = {}
        for name, value in headers:
            values.setdefault(name.lower(), []).append(" ".join(value.split()))
        lines = "".join(f"{name}:{','.join(values.get(name, ['']))}\n" for name in signed)
        canonical = "\n".join(
            [method, encode(path, "/-_.~"), canonical_query, lines, ";".join(signed), payload]
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", date, self.scope(date), digest])
        return hmac256(self.key(date), text).hex()


class S3Client:
    """Makes request bytes; `request` with no options is a right one."""

    def __init__(self, server, bucket):
        self.server, self.bucket = server, bucket
        self.host = f"127.0.0.1:{server.ports['s3']}"

    def signer(self, **lies):
        return Signer(**{"access_key": self.server.access_key, "secret_key": self.server.secret_key, **lies})

    @staticmethod
    def stamp(date):
        """The text of a date; a number is seconds from now, when the request is made."""
        return date if isinstance(date, str) else stamp(now(date or 0))

    def request(self, method, target, body=b"", headers=(), payload=None, date=None, signer=None, drop=(), unsigned=(),
                authorization=None, hidden=(), length=True, send_target=None, send_method=None, after=(),
                version="HTTP/1.1"):
        """Signs, then spoils: `drop` headers are signed and not sent, `unsigned` ones sent and not signed, `hidden`
        ones sent but left out of SignedHeaders; `authorization` rewrites the header."""
        target = target.replace("{b}", self.bucket)
        signer = self.signer(**(signer or {}))
        date = self.stamp(date)
        payload = hashlib.sha256(body).hexdigest() if payload is None else payload
        pairs = [("host", self.host), ("x-amz-date", date), ("x-amz-content-sha256", payload), *headers]
        signed = sorted({name.lower() for name, _ in pairs} - set(hidden))
        self.date, self.scope, self.key = date, signer.scope(date), signer.key(date)
        self.seed = signer.signature(method, target, pairs, signed, payload, date)
        value = (f"{signer.algorithm} Credential={signer.access_key}/{signer.scope(date)}, "
                 f"SignedHeaders={';'.join(signed)}, Signature={self.seed}")
        if authorization is not None:
            value = authorization(value)
        pairs = [pair for pair in pairs if pair[0] not in drop] + list(unsigned)
        if value is not False:
            pairs.append(("Authorization", value))
        if length and (body or method in ("PUT", "POST")):
            pairs.append(("Content-Length", str(len(body))))
        target = (send_target or target).replace("{b}", self.bucket)
        return head(send_method or method, target, [*pairs, *after], version) + body

    def presigned(self, method="GET", target="/{b}/old", expires="60", date=None, signer=None, change=None, headers=(),
                  sent=()):
        """`change` edits the list of query pairs after signing."""
        signer = self.signer(**(signer or {}))
        date = self.stamp(date)
        target = target.replace("{b}", self.bucket)
        pairs = [("host", self.host), *headers]
        signed = sorted(name.lower() for name, _ in pairs)
        query = {"X-Amz-Algorithm": signer.algorithm, "X-Amz-Credential": f"{signer.access_key}/{signer.scope(date)}",
                 "X-Amz-Date": date, "X-Amz-Expires": expires, "X-Amz-SignedHeaders": ";".join(signed)}
        join = lambda q: "&".join(f"{n}={urllib.parse.quote(v, safe='')}" for n, v in q.items())  # noqa: E731
        query["X-Amz-Signature"] = signer.signature(
            method, f"{target}?{join(query)}", pairs, signed, UNSIGNED, date)
        if change:
            change(query)
        return head(method, f"{target}?{join(query)}", [("host", self.host), *sent])

    def chunked_put(self, key, coding, pieces, trailer=(), announced=None, declared=None, spoil=None, bad=None,
                    swap=False, tail=b"\r\n", headers=(), trailer_signature=None, finish=True):
        """An aws-chunked PUT. `bad`: index of the chunk whose signature is wrong; `spoil`: last word on the body."""
        data = b"".join(pieces)
        extra = list(headers)
        if declared is not False:
            extra.append(("x-amz-decoded-content-length", str(len(data)) if declared is None else declared))
        names = [name for name, _ in trailer] if announced is None else announced
        if names:
            extra.append(("x-amz-trailer", ",".join(names)))
        self.request("PUT", f"/{{b}}/{key}", headers=extra, payload=coding)
        date, scope, signing_key, previous = self.date, self.scope, self.key, self.seed
        is_signed, frames = coding != UNSIGNED_TRAILER, []
        for index, piece in enumerate([*pieces, b""] if finish else pieces):
            line = f"{len(piece):x}"
            if is_signed:
                text = "\n".join([f"{SIGNED_CHUNKS}".replace("STREAMING-", ""), date, scope, previous, EMPTY,
                                  hashlib.sha256(piece).hexdigest()])
                previous = hmac256(signing_key, text).hex()
                line += ";chunk-signature=" + (("0" * 64) if bad == index else previous)
            frames.append(line.encode() + b"\r\n" + (piece + b"\r\n" if piece else b""))
        if swap:
            frames[0], frames[1] = frames[1], frames[0]
        body = b"".join(frames)
        if finish and coding.endswith("TRAILER"):
            body += b"".join(latin(n) + b":" + latin(v) + b"\r\n" for n, v in trailer)
            if is_signed and trailer_signature is not False:
                lines = "".join(f"{n}:{v}\n" for n, v in trailer)
                text = "\n".join(["AWS4-HMAC-SHA256-TRAILER", date, scope, previous,
                                  hashlib.sha256(lines.encode()).hexdigest()])
                right = hmac256(signing_key, text).hex()
                body += b"x-amz-trailer-signature:" + latin(trailer_signature or right) + b"\r\n"
        body += tail if finish else b""
        if spoil:
            body = spoil(body)
        # The same date again: a second that passes meanwhile must not change the seed.
        return self.request("PUT", f"/{{b}}/{key}", body, headers=extra, payload=coding, date=date)


@dataclasses.dataclass
class Answer:
    status: int
    headers: list
    body: bytes

    def header(self, name):
        values = [v for n, v in self.headers if n == name.lower()]
        assert len(values) <= 1, f"{name} more than once: {values}"
        return values[0] if values else None

    @property
    def code(self):
        if not self.body or self.status < 400:
            return None
        if (self.header("content-type") or "").startswith("application/json"):
            return json.loads(self.body)["errors"][0]["code"]
        return xml.etree.ElementTree.fromstring(self.body).findtext("Code")


class Connection:
    """A raw socket with a strict reader of answers."""

    def __init__(self, port, timeout=8):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """A refusal may come, and the connection close, before all is sent."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def _more(self):
        data = self.socket.recv(65_536)
        if not data:
            raise EOFError(self.buffer[:200])
        self.buffer += data

    def answer(self, is_head=False):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        text, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = text.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 ([1-5]\d\d) [\x20-\x7e]*", first)
        assert match, first
        status, headers = int(match[1]), []
        for line in lines:
            field = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([^\x00-\x08\x0a-\x1f\x7f]*)", line)
            assert field, line
            headers.append((field[1].lower(), field[2]))
        answer = Answer(status, headers, b"")
        if status == 100 or status in (204, 304) or is_head:
            return answer
        if answer.header("transfer-encoding") == "chunked":
            assert answer.header("content-length") is None
            while True:
                while b"\r\n" not in self.buffer:
                    self._more()
                size, self.buffer = self.buffer.split(b"\r\n", 1)
                count = int(size, 16)
                while len(self.buffer) < count + 2:
                    self._more()
                answer.body, self.buffer = answer.body + self.buffer[:count], self.buffer[count + 2:]
                if count == 0:
                    return answer
        count = int(answer.header("content-length"))
        while len(self.buffer) < count:
            self._more()
        answer.body, self.buffer = self.buffer[:count], self.buffer[count:]
        return answer

    def is_closed(self):
        """Nothing more comes and the server ends the connection."""
        try:
            return not self.buffer and not self.socket.recv(1)
        except ConnectionResetError:
            return True


def ask(port, data, is_head=False):
    with Connection(port) as connection:
        return connection.send(data).answer(is_head)


def check_s3(answer, status, code):
    """`status` and `code` (one or several), and the form of `spec/s3.md` §1.2."""
    assert answer.status != 500, answer.body
    for name in ("x-amz-request-id", "x-amz-id-2", "date", "server"):
        assert answer.header(name), f"no {name}"
    if answer.status >= 400 and answer.body:
        assert answer.header("content-type") == "application/xml"
        assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
        root = xml.etree.ElementTree.fromstring(answer.body)
        assert root.tag == "Error" and root.findtext("Message")
        assert root.findtext("RequestId") == answer.header("x-amz-request-id")
        assert root.findtext("HostId") == answer.header("x-amz-id-2")
    check(answer, status, code)


def check_oci(answer, status, code):
    assert answer.status != 500, answer.body
    assert answer.header("date")
    if answer.status >= 400 and answer.body:
        assert answer.header("content-type") == "application/json", answer.body
        errors = json.loads(answer.body)["errors"]
        assert errors and all(re.fullmatch("[A-Z_]+", e["code"]) and e["message"] for e in errors)
    if answer.status == 401:
        assert answer.header("www-authenticate")
    check(answer, status, code)


def check(answer, status, code):
    codes = code if isinstance(code, tuple) else (code,)
    assert (answer.status, answer.code in codes) == (status, True), f"{answer.status} {answer.code}: {answer.body[:600]}"


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
