"""Failures before the first byte of the request: the other side certainly has not received it."""

import socket
from contextlib import ExitStack

import pytest

from streetmend.fetch import (
    AddressRefused,
    ConnectFailed,
    ConnectTimedOut,
    NameNotResolved,
    NotSent,
    RequestInvalid,
    TlsFailed,
)
from tests.fetch.conftest import Names
from tests.support.certificates import DAY
from tests.support.servers import answering, serving


def refusal(send, kind, *arguments, **options):
    with pytest.raises(kind) as caught:
        send(*arguments, **options)
    assert isinstance(caught.value, NotSent)
    assert caught.value.sent_bytes == 0
    assert caught.value.status is None
    return caught.value


class TestNames:
    def test_F_15_a_name_that_does_not_exist(self, send):
        error = refusal(send, NameNotResolved, "POST", "http://nowhere.invalid/", b"x")
        assert "nowhere.invalid" in error.message

    def test_F_15_a_resolver_that_fails(self, send):
        names = Names(
            endpoint_example=[socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")]
        )
        error = refusal(send, NameNotResolved, "POST", "http://endpoint.example/", b"x", resolver=names)
        assert "Temporary failure" in error.message

    def test_F_15_a_resolver_that_hangs_is_not_waited_for(self, send):
        names = Names(endpoint_example=[None])
        refusal(
            send,
            NameNotResolved,
            "POST",
            "http://endpoint.example/",
            b"x",
            resolver=names,
            resolve_seconds=0.05,
        )

    def test_F_15_a_name_without_an_address(self, send):
        refusal(
            send, NameNotResolved, "GET", "http://endpoint.example/", resolver=Names(endpoint_example=[[]])
        )


class TestAddresses:
    @pytest.mark.parametrize(
        "address", ["127.0.0.1", "169.254.169.254", "::1", "10.0.0.7", "::ffff:127.0.0.1"]
    )
    def test_F_16_a_public_name_that_points_inside_is_refused_before_connecting(self, send, address):
        with serving(answering()) as server:
            names = Names(endpoint_example=[[address]])
            url = server.url(host="endpoint.example")
            error = refusal(send, AddressRefused, "POST", url, b"x", resolver=names, allow=[])
            assert server.connections == 0
        assert address in error.message

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]", "169.254.169.254", "100.64.0.1", "224.0.0.1", "10.1.2.3", "①②⑦.⓪.⓪.①", "127。0。0。1",
        ],
    )  # fmt: skip
    def test_B_55_an_internal_address_in_the_url_is_refused(self, send, host):
        with serving(answering()) as server:
            refusal(send, AddressRefused, "GET", f"http://{host}:{server.port}/", allow=[])
            assert server.connections == 0

    @pytest.mark.parametrize(
        "host",
        [
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "127.0.0.1.",
            "0x7f.1",
            "0",
            "1.2.3.4.5",
            "[fe80::1%25lo]",
        ],
    )
    def test_B_55_a_number_that_is_no_plain_address_is_refused(self, send, host):
        refusal(send, RequestInvalid, "GET", f"http://{host}/")

    def test_B_55_the_sites_own_name_is_refused(self, send):
        names = Names(street_example=[["127.0.0.1"]])
        for host in ("street.example", "STREET.example."):
            refusal(
                send,
                AddressRefused,
                "GET",
                f"http://{host}/",
                resolver=names,
                refuse_hosts=["Street.example"],
            )
        assert names.asked == []

    @pytest.mark.parametrize("ports", [{80, 443}])
    def test_B_55_a_port_that_is_not_permitted_is_refused(self, send, ports):
        with serving(answering()) as server:
            refusal(send, RequestInvalid, "GET", server.url(), ports=ports)
            assert server.connections == 0

    def test_B_56_of_a_names_addresses_only_the_permitted_are_connected_to(self, send):
        with serving(answering(b"right")) as server:
            names = Names(endpoint_example=[["10.0.0.1", "::1", "127.0.0.1"]])
            fetched = send("GET", server.url(host="endpoint.example"), resolver=names)
        assert (fetched.body, fetched.connected_address) == (b"right", "127.0.0.1")

    def test_B_56_a_name_is_asked_about_once_and_the_answer_is_what_is_connected_to(self, send):
        with serving(answering()) as server:
            names = Names(endpoint_example=[["127.0.0.1"], ["10.0.0.1"]])
            assert (
                send("GET", server.url(host="endpoint.example"), resolver=names).connected_address
                == "127.0.0.1"
            )
        assert names.asked == ["endpoint.example"]


class TestConnecting:
    def test_F_17_a_closed_port(self, send):
        with serving(answering()) as server:
            url = server.url()
        error = refusal(send, ConnectFailed, "POST", url, b"x")
        assert "refused" in error.message

    def test_F_18_a_host_that_drops_every_packet(self, send):
        with ExitStack() as stack:
            full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            for _ in range(4):  # fill the queue that nobody empties
                one = stack.enter_context(socket.socket())
                one.setblocking(False)
                one.connect_ex(full.getsockname())
            url = f"http://127.0.0.1:{full.getsockname()[1]}/"
            refusal(send, ConnectTimedOut, "POST", url, b"x", connect_seconds=0.3)

    def test_a_deadline_before_the_connection_stands_is_certainly_not_received(self, send):
        names = Names(endpoint_example=[None])
        refusal(
            send,
            ConnectTimedOut,
            "POST",
            "http://endpoint.example/",
            b"x",
            resolver=names,
            deadline_seconds=0.05,
        )

    def test_a_server_that_closes_before_the_first_byte(self, send, authority):
        context = authority.server_context("endpoint.example")
        with serving(lambda connection: None, context) as server:
            # the certificate is refused by the client, so the request is never written
            refusal(send, TlsFailed, "POST", server.url(), b"x")


class TestTls:
    @pytest.fixture
    def names(self):
        return Names(endpoint_example=[["127.0.0.1"]])

    def test_F_19_a_certificate_of_an_unknown_authority(self, send, authority, names):
        with serving(answering(), authority.server_context("endpoint.example")) as server:
            error = refusal(
                send, TlsFailed, "POST", server.url(host="endpoint.example"), b"x", resolver=names
            )
        assert "certificate" in error.message

    @pytest.mark.parametrize(
        ("certified", "until", "words"),
        [("endpoint.example", -DAY, "expired"), ("other.example", DAY, "endpoint.example")],
    )
    def test_F_19_a_certificate_that_is_wrong(self, send, authority, names, certified, until, words):
        with serving(answering(), authority.server_context(certified, until)) as server:
            error = refusal(
                send, TlsFailed, "POST", server.url(host="endpoint.example"), b"x",
                resolver=names, ssl_context=authority.client_context(),
            )  # fmt: skip
        assert words in error.message

    def test_F_19_a_server_that_speaks_no_tls(self, send, names):
        with serving(lambda connection: connection.say(b"HTTP/1.0 400 no\r\n\r\n")) as server:
            url = f"https://endpoint.example:{server.port}/"
            refusal(send, TlsFailed, "POST", url, b"x", resolver=names)

    def test_F_20_a_handshake_that_hangs(self, send, names):
        with serving(lambda connection: connection.wait_for_end()) as server:
            url = f"https://endpoint.example:{server.port}/"
            refusal(send, ConnectTimedOut, "POST", url, b"x", resolver=names, deadline_seconds=0.3)

    def test_a_certificate_that_is_right(self, send, authority, names):
        with serving(answering(b"secure"), authority.server_context("endpoint.example")) as server:
            fetched = send(
                "POST", server.url(host="endpoint.example"), b"x" * 100,
                resolver=names, ssl_context=authority.client_context(),
            )  # fmt: skip
        assert fetched.body == b"secure"
        # the handshake does not count, the encrypted request does
        assert 200 < fetched.sent_bytes < 1000


class TestRequests:
    @pytest.mark.parametrize(
        "url",
        [
            "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "data:image/png;base64,AAAA",
            "javascript:alert(1)", "//127.0.0.1/", "127.0.0.1", "", "http://", "http:///x", "http://x:0/",
            "http://x:99999/", "http://a b/", "http://a\nb/", "http://a\\b/", "http://a..b/", "http://-/",
            "http://[::1", "http://x/" + "a" * 9000, "http://\x00/", "http://" + "a" * 300 + "/", "http://a,b/",
        ],
    )  # fmt: skip
    def test_B_54_what_is_no_http_url_is_refused(self, send, url):
        refusal(send, RequestInvalid, "GET", url)

    def test_B_54_plain_http_is_refused_where_https_is_asked_for(self, send):
        error = refusal(send, RequestInvalid, "GET", "http://endpoint.example/", plain_http=False)
        assert "https://" in error.message

    @pytest.mark.parametrize("user", ["user:secret@", "user@", ":secret@", "%40:@"])
    def test_B_58_a_url_with_a_user_or_a_password_is_refused_without_repeating_it(self, send, user):
        error = refusal(send, RequestInvalid, "GET", f"http://{user}endpoint.example/")
        assert "secret" not in str(error)

    @pytest.mark.parametrize(
        "headers", [{"X-Key": "a\r\nHost: b"}, {"X-Key": "a\x00"}, {"X Key": "a"}, {"": "a"}, {"X": "\ud800"}]
    )
    def test_a_header_that_would_break_the_request_is_refused(self, send, headers):
        with serving(answering()) as server:
            refusal(send, RequestInvalid, "GET", server.url(), headers=headers)
            assert server.connections == 0
