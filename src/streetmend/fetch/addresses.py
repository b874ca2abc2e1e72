"""Which addresses may be connected to: public ones, and those that the operator allows.

The lists are those of IANA's special-purpose address registries (RFC 6890 and its updates), written out here because
`ipaddress.is_global` differs between releases of Python and knows nothing of addresses that carry another one.
"""

import functools
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_UNICAST_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address, routed by nobody
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


_REMEMBERED = 4096


class AddressGuard:
    """Says whether an address may be connected to."""

    def __init__(self, allow: Iterable[str | Network] = ()) -> None:
        """Let through, besides public addresses, those in the networks of `allow` ("127.0.0.0/8").

        Raises ValueError for something that is no network.
        """
        self._allow = tuple(ip_network(network) for network in allow)
        # the same few addresses are judged again and again: at every call, and twice
        self._judged = functools.lru_cache(maxsize=_REMEMBERED)(self._judge)

    def permits(self, address: str | Address) -> bool:
        """True for a public address or one in an allowed network; False for what is no address at all.

        An IPv6 address that carries an IPv4 address (mapped, or NAT64's well-known prefix) is judged by that one.
        """
        return self._judged(address)

    def _judge(self, address: str | Address) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        judged = _carried(parsed)
        return self._allowed(parsed) or self._allowed(judged) or _is_public(judged)

    def _allowed(self, address: Address) -> bool:
        return any(address in network for network in self._allow)


def _carried(address: Address) -> Address:
    """The IPv4 address to which a packet for this IPv6 address goes in the end, else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address.scope_id is not None or address not in _GLOBAL_UNICAST_6:
        return False
    return not any(address in network for network in _NOT_PUBLIC_6)
