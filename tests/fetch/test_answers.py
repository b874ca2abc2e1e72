"""Whole answers, redirects, and what is never sent."""

import asyncio
import gzip

import pytest

from streetmend.fetch import (
    AddressRefused,
    AnswerTooLarge,
    DeadlinePassed,
    Fetcher,
    FetchRequest,
    RedirectRefused,
    send_now,
)
from tests.fetch.conftest import Names
from tests.support.servers import answering, serving


def noting(requests: list[bytes], body: bytes = b"ok", status: str = "200 OK", *headers: str):
    def handle(connection):
        requests.append(connection.request())
        connection.answer(body, status, *headers)

    return handle


def moved(target: str):
    return answering(b"", "302 Found", f"Location: {target}")


def test_the_answer_comes_whole_with_what_is_known_of_the_way(send):
    requests: list[bytes] = []
    with serving(noting(requests, b"\xc3\xa6", "201 Created", "X-A: 1", "x-a: 2", "X-B: \xe6")) as server:
        fetched = send("POST", server.url("/r?a=%C3%A6|b"), b"body", {"Content-Type": "text/x"})
    assert (fetched.status, fetched.body) == (201, b"\xc3\xa6")
    assert (fetched.header("X-A"), fetched.header("x-b"), fetched.header("none", "-")) == ("1, 2", "æ", "-")
    assert fetched.connected_address == "127.0.0.1"
    assert fetched.sent_bytes == len(requests[0])
    assert fetched.elapsed_seconds > 0
    head, _, body = requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /r?a=%C3%A6%7Cb HTTP/1.1"
    assert body == b"body"
    assert "Connection: close" in lines
    assert "Content-Type: text/x" in lines
    assert any(line.startswith("User-Agent: Streetmend/") for line in lines)


def test_a_post_without_a_body_has_no_length_but_zero(send):
    requests: list[bytes] = []
    with serving(noting(requests)) as server:
        send("POST", server.url())
    assert b"Content-Length: 0" in requests[0]
    assert b"Content-Type" not in requests[0]


def test_a_body_of_many_megabytes_arrives(send):
    requests: list[bytes] = []
    body = bytes(range(256)) * 20_000
    with serving(noting(requests)) as server:
        send("POST", server.url(), body)
    assert requests[0].partition(b"\r\n\r\n")[2] == body
    assert f"Content-Length: {len(body)}".encode() in requests[0]


@pytest.mark.parametrize("parts", [[b"one"], [b"one", b" and two"], [b""], []])
def test_a_compressed_answer_is_read_also_in_several_members(send, parts):
    packed = b"".join(gzip.compress(part) for part in parts)
    with serving(answering(packed, "200 OK", "Content-Encoding: gzip")) as server:
        assert send("GET", server.url()).body == b"".join(parts)


def test_a_body_of_exactly_the_limit_is_no_byte_too_long(send):
    with serving(answering(b"x" * 1000)) as server:
        assert len(send("GET", server.url(), max_bytes=1000).body) == 1000
        with pytest.raises(AnswerTooLarge):
            send("GET", server.url(), max_bytes=999)


def test_many_requests_at_once_do_not_mix_what_they_know(send):
    def handle(connection):
        request = connection.request()
        connection.answer(request.split(b" ")[1])

    async def run(url):
        async with Fetcher(allow=["127.0.0.0/8"]) as fetcher:
            requests = [FetchRequest("POST", f"{url}{n}", {}, b"x" * n) for n in range(60)]
            return await asyncio.gather(
                *(fetcher.send(r, deadline_seconds=20, max_bytes=99) for r in requests)
            )

    with serving(handle) as server:
        answers = asyncio.run(run(server.url()))
        assert server.connections == 60
    assert [answer.body for answer in answers] == [f"/{n}".encode() for n in range(60)]
    sizes = [answer.sent_bytes for answer in answers]
    assert sizes[59] - sizes[10] == 49


def test_a_caller_without_an_event_loop_gets_the_same():
    with serving(answering(b"here")) as server:
        fetched = send_now(
            lambda: Fetcher(allow=["127.0.0.0/8"]),
            FetchRequest("GET", server.url()),
            deadline_seconds=20,
            max_bytes=99,
        )
    assert fetched.body == b"here"


def test_B_58_no_cookie_is_kept(send):
    requests: list[bytes] = []

    async def twice(url):
        async with Fetcher(allow=["127.0.0.0/8"]) as fetcher:
            for _ in range(2):
                await fetcher.send(FetchRequest("GET", url), deadline_seconds=20, max_bytes=99)

    with serving(noting(requests, b"", "200 OK", "Set-Cookie: session=1; Path=/")) as server:
        asyncio.run(twice(server.url()))
    assert len(requests) == 2
    assert b"Cookie" not in requests[1]


def test_a_proxy_of_the_environment_is_not_used(send, monkeypatch):
    with serving(answering(b"direct")) as server, serving(answering(b"proxy")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        assert send("GET", server.url()).body == b"direct"


def test_nothing_secret_is_shown_when_values_are_printed(send):
    request = FetchRequest("POST", "http://user:secret@h/path?api_key=secret", {"X-Key": "secret"}, b"secret")
    assert repr(request) == "FetchRequest(POST h/path)" or "secret" not in repr(request)
    with serving(answering(b"secret")) as server:
        assert "secret" not in repr(send("GET", server.url("/?api_key=secret")))


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.parametrize("where", ["other", "itself", "http://169.254.169.254/latest"])
    def test_F_34_a_redirect_of_a_post_is_not_followed(self, send, status, where):
        with serving(answering(b"other")) as other:
            first: list[bytes] = []
            target = {"other": other.url(), "itself": "/"}.get(where, where)
            with serving(noting(first, b"", f"{status} Moved", f"Location: {target}")) as server:
                fetched = send("POST", server.url(), b"api_key=secret", redirects=3)
                assert (fetched.status, fetched.header("location")) == (status, target)
                assert server.connections == 1
            assert other.connections == 0

    def test_a_redirect_of_a_get_is_followed_where_that_is_asked_for(self, send):
        with serving(answering(b"here")) as there, serving(moved(there.url("/x"))) as server:
            fetched = send("GET", server.url(), redirects=1)
            assert (fetched.status, fetched.body, fetched.url) == (200, b"here", there.url("/x"))
            assert send("GET", server.url()).status == 302

    def test_a_key_does_not_go_to_another_origin(self, send):
        requests: list[bytes] = []
        with serving(noting(requests)) as there, serving(moved(there.url())) as server:
            send("GET", server.url(), None, {"X-Key": "secret", "Accept": "image/*"}, redirects=1)
        assert b"secret" not in requests[0]
        assert b"Accept: image/*" in requests[0]

    def test_a_key_goes_along_on_the_same_origin(self, send):
        requests: list[bytes] = []

        def handle(connection):
            requests.append(connection.request())
            if b"GET /there" in requests[-1]:
                connection.answer(b"ok")
            else:
                connection.answer(b"", "301 Moved", "Location: /there")

        with serving(handle) as server:
            assert send("GET", server.url("/here"), None, {"X-Key": "secret"}, redirects=1).body == b"ok"
        assert b"X-Key: secret" in requests[1]

    def test_B_57_a_loop_ends_after_three_hops(self, send):
        with serving(moved("/again")) as server:
            with pytest.raises(RedirectRefused):
                send("GET", server.url(), redirects=99)
            assert server.connections == 4

    @pytest.mark.parametrize("target", ["http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest"])
    def test_B_57_a_redirect_to_an_internal_address_is_refused(self, send, target):
        with serving(moved(target)) as server, pytest.raises(AddressRefused):
            send("GET", server.url(), redirects=3)

    @pytest.mark.parametrize(
        "target",
        ["http://a:b@127.0.0.1/", "file:///etc/passwd", "http://127.0.0.1:22/", "http://[", "http://127.1/"],
    )
    def test_B_57_a_redirect_to_what_may_not_be_called_is_refused(self, send, target):
        with serving(moved(target)) as server, pytest.raises(RedirectRefused):
            send("GET", server.url(), redirects=3, ports={server.port})

    def test_B_57_a_redirect_from_https_to_http_is_refused(self, send, authority):
        names = Names(endpoint_example=[["127.0.0.1"]])
        secure = authority.server_context("endpoint.example")
        with serving(answering(b"plain")) as plain, serving(moved(plain.url()), secure) as server:
            url = server.url(host="endpoint.example")
            with pytest.raises(RedirectRefused) as caught:
                send("GET", url, redirects=3, resolver=names, ssl_context=authority.client_context())
            assert plain.connections == 0
        assert "https to http" in caught.value.message

    def test_B_57_one_deadline_and_one_limit_hold_for_all_hops(self, send):
        def handle(connection):
            if b"GET /slow" in connection.request():
                connection.wait_for_end()
            connection.answer(b"", "302 Found", "Location: /slow")

        with serving(handle) as server, pytest.raises(DeadlinePassed):
            send("GET", server.url(), redirects=3, deadline_seconds=0.5)
