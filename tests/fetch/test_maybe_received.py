"""Failures after the first byte of the request: nobody knows whether it was received."""

import asyncio
import gzip
import threading
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streetmend.fetch import (
    AnswerTooLarge,
    AnswerUnreadable,
    ConnectionBroken,
    DeadlinePassed,
    Fetched,
    Fetcher,
    FetchError,
    FetchRequest,
    MaybeReceived,
)
from tests.support.servers import Connection, answering, serving


def unknown(send, kind, *arguments, **options) -> MaybeReceived:
    with pytest.raises(kind) as caught:
        send(*arguments, **options)
    assert isinstance(caught.value, MaybeReceived)
    assert caught.value.sent_bytes > 0
    assert caught.value.connected_address == "127.0.0.1"
    return caught.value


def after_request(*steps):
    """Reads the request, then says one piece after another; a number is a pause in seconds."""

    def handle(connection: Connection) -> None:
        connection.request()
        for step in steps:
            if isinstance(step, bytes):
                connection.say(step)
            else:
                time.sleep(step)

    return handle


def test_F_21_an_endpoint_that_reads_nothing(send):
    body = b"x" * (10 << 20)
    with serving(lambda connection: threading.Event().wait(1)) as server:
        error = unknown(send, DeadlinePassed, "POST", server.url(), body, deadline_seconds=0.5)
    assert error.sent_bytes < len(body)


def test_F_21_a_request_that_was_given_up_leaves_no_connection_behind():
    ended = threading.Event()

    def read_all(connection):
        connection.wait_for_end()
        ended.set()

    def read_late(connection):
        connection.wait_for_bytes()
        threading.Event().wait(1.2)  # until the deadline is over
        connection.wait_for_end()
        ended.set()

    async def run(url: str) -> None:
        async with Fetcher(allow=["127.0.0.0/8"]) as fetcher:
            for body in (b"x", b"x" * (10 << 20)):
                ended.clear()
                with pytest.raises(DeadlinePassed):
                    await fetcher.send(
                        FetchRequest("POST", url, {}, body), deadline_seconds=0.9, max_bytes=10
                    )
                assert await asyncio.to_thread(ended.wait, 20), "while the fetcher is still in use"

    for handler in (read_all, read_late):
        with serving(handler) as server:
            asyncio.run(run(server.url()))


def test_F_22_a_reset_before_any_byte_is_read(send):
    def handle(connection):
        connection.wait_for_bytes()
        connection.reset()

    with serving(handle) as server:
        error = unknown(send, ConnectionBroken, "POST", server.url(), b"x")
    assert error.status is None


def test_F_23_a_reset_after_the_request_was_stored(send):
    stored = []

    def handle(connection):
        stored.append(connection.request())
        connection.reset()

    with serving(handle) as server:
        unknown(send, ConnectionBroken, "POST", server.url(), b"one")
    assert len(stored) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_F_23_nothing_is_sent_twice_by_itself(send, method):
    with serving(lambda connection: connection.request()) as server:
        unknown(send, ConnectionBroken, method, server.url())
        assert server.connections == 1


def test_F_24_an_answer_that_comes_after_the_deadline(send):
    with serving(lambda connection: (connection.request(), connection.wait_for_end())) as server:
        error = unknown(send, DeadlinePassed, "POST", server.url(), b"x", deadline_seconds=0.3)
    assert error.elapsed_seconds > 0


def drip(data: bytes):
    def handle(connection):
        connection.request()
        for at in range(len(data)):
            connection.say(data[at : at + 1])
            time.sleep(0.02)

    return handle


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 5000, None),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, None),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000, 200),
    ],
)
def test_F_27_an_answer_that_drips_is_cut_by_the_wall_clock(send, data, status):
    with serving(drip(data)) as server:
        error = unknown(send, DeadlinePassed, "POST", server.url(), b"x", deadline_seconds=1.0)
    assert error.status == status


@pytest.mark.parametrize(
    "head",
    ["Content-Length: 2147483648", "X-No: length", "Transfer-Encoding: chunked"],
    ids=["2GB", "endless", "chunked"],
)
def test_F_28_an_endless_body_is_cut_at_the_limit(send, head):
    said = 0

    def handle(connection):
        nonlocal said
        connection.request()
        connection.say(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n" if "chunked" in head else b"x" * 65536
        while said < 200 << 20:
            connection.say(piece)
            said += len(piece)

    with serving(handle) as server:
        error = unknown(send, AnswerTooLarge, "POST", server.url(), b"x", max_bytes=65536)
    assert error.status == 200
    assert error.head == b"x" * 4096
    assert said < 50 << 20  # buffers on the way, not the whole
    assert "65536" in error.message


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "x-gzip"])
def test_F_29_a_compressed_bomb_is_stopped_at_the_limit(send, encoding):
    packer = zlib.compressobj(9, wbits=15 if encoding == "deflate" else 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(60)) + packer.flush()
    assert len(bomb) < 1 << 20
    with serving(answering(bomb, "200 OK", f"Content-Encoding: {encoding}")) as server:
        tracemalloc.start()
        try:
            unknown(send, AnswerTooLarge, "GET", server.url(), max_bytes=2 << 20)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 20 << 20


WHOLE = b'{"service_request_id": "77", "note": "' + b"n" * 200 + b'"}'


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + WHOLE, ConnectionBroken),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf3\r\n" + WHOLE, ConnectionBroken),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(WHOLE)[:-9], AnswerUnreadable),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + WHOLE, AnswerUnreadable),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n" + WHOLE, AnswerUnreadable),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n" + WHOLE, AnswerUnreadable),
        (b"HTTP/1.1 200", ConnectionBroken),
        (b"SSH-2.0-OpenSSH_9.2\r\n", AnswerUnreadable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", AnswerUnreadable),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 20000 + b"\r\n\r\n", AnswerUnreadable),
        (b"", ConnectionBroken),
    ],
)
def test_F_30_half_an_answer_is_never_a_success(send, answer, kind):
    with serving(after_request(answer)) as server:
        error = unknown(send, kind, "POST", server.url(), b"x")
    if answer.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 1000"):
        assert (error.status, error.head) == (200, WHOLE)  # evidence that the id may be in


def test_a_message_names_no_path_query_or_key(send):
    with serving(lambda connection: connection.request()) as server:
        error = unknown(
            send, ConnectionBroken, "POST", server.url("/path?api_key=secret"), b"secret", {"X-Key": "secret"}
        )
    assert "secret" not in f"{error!r} {error} {error.__cause__!r}"
    assert "path" not in str(error)


HTTPISH = st.lists(
    st.binary(max_size=30)
    | st.sampled_from(
        [
            b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 302 x\r\n", b"HTTP/1.1 99999 x\r\n", b"HTTP/1.1 204 n\r\n",
            b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 5, 6\r\n", b"\r\n", b"\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n",
            b"Location: ://\r\n", b"Set-Cookie: a=b; \xff\r\n", b"X: \xe6\xf8\xe5\r\n", b"Connection: upgrade\r\n",
            b"hello", b"Content-Type: text/html; charset=utf-99\r\n", b"HTTP/1.1 101 Switching\r\n", b"\n", b": \r\n",
        ]
    ),
    max_size=8,
).map(b"".join)  # fmt: skip


def test_whatever_bytes_an_endpoint_answers_the_outcome_is_an_answer_or_one_of_the_errors(send):
    answer = b""

    def handle(connection):
        connection.request()
        connection.say(answer)

    with serving(handle) as server:

        @settings(max_examples=150)
        @given(HTTPISH)
        def check(data):
            nonlocal answer
            answer = data
            try:
                outcome = send("POST", server.url(), b"x", redirects=3)
            except FetchError as error:
                outcome = error
            assert isinstance(outcome, Fetched | MaybeReceived)
            assert outcome.sent_bytes > 0

        check()
