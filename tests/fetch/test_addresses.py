"""Only public addresses are connected to, and those that the operator allows."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.fetch.addresses import AddressGuard

INTERNAL = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "ff0e::1", "fec0::1",
    "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::1",
    "2001::1", "2001:0:53aa:64c:0:0:80ff:fffe", "2001:db8::1", "2001:10::1", "2001:2::1", "3fff::1", "5f00::1", "100::1",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8",
    "193.0.6.139",
    "100.128.0.1",
    "172.32.0.1",
    "2a00:1450:400f::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]
NO_ADDRESS = [
    "",
    "localhost",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.0.01",
    "١٢٧.0.0.1",
    "8.8.8.8 ",
    "8.8.8.8\n",
]


@pytest.mark.parametrize("address", INTERNAL)
def test_B_55_an_address_that_is_not_public_is_refused(address):
    assert not AddressGuard().permits(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_permitted(address):
    assert AddressGuard().permits(address)


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_B_55_what_is_no_plain_address_is_refused(text):
    assert not AddressGuard(["0.0.0.0/0", "::/0"]).permits(text)


def test_the_operator_lets_networks_through():
    guard = AddressGuard(["127.0.0.0/8", "fd00::/8"])
    assert guard.permits("127.0.0.1")
    assert guard.permits("::ffff:127.0.0.1")
    assert guard.permits("fd12::1")
    assert not guard.permits("::1")
    assert not guard.permits("10.0.0.1")


def test_something_that_is_no_network_is_refused_at_once():
    with pytest.raises(ValueError):
        AddressGuard(["everything"])


@given(st.ip_addresses())
def test_whatever_python_knows_to_be_internal_is_refused(address):
    if address.is_private or address.is_multicast or address.is_link_local or address.is_reserved:
        mapped = getattr(address, "ipv4_mapped", None)
        nat64 = address in ipaddress.ip_network("64:ff9b::/96")
        assert mapped or nat64 or not AddressGuard().permits(address)


@given(st.ip_addresses(v=4))
def test_an_address_carried_by_ipv6_is_judged_as_itself(address):
    guard = AddressGuard()
    assert (
        guard.permits(f"::ffff:{address}") == guard.permits(address) == guard.permits(f"64:ff9b::{address}")
    )
