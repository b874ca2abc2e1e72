"""Until when a server's certificate is valid: read in a handshake of its own, whether or not anybody trusts it."""

from __future__ import annotations

import asyncio
import ssl
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509

from streetmend.fetch.addresses import AddressGuard
from streetmend.fetch.connect import GuardedResolver
from streetmend.fetch.errors import ConnectFailed, ConnectTimedOut, TlsFailed


async def certificate_end(
    url: str, *, resolver: GuardedResolver, guard: AddressGuard, deadline_seconds: float
) -> datetime:
    """The last moment (UTC) at which the certificate of the server at an https address is valid.

    Nothing is sent but the handshake. Raises NotSent.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    # a certificate that has run out, or that nobody trusts, has an end as well; nothing secret is said to its server
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(deadline_seconds):
            addresses = await resolver.resolve(host, port)
            address = next(one["host"] for one in addresses if guard.permits(one["host"]))
            _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
            try:
                content = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            finally:
                writer.transport.abort()
    except TimeoutError as error:
        raise ConnectTimedOut(f"{host} did not shake hands within {deadline_seconds:g} s") from error
    except ssl.SSLError as error:
        raise TlsFailed(f"{host} did not shake hands: {error.reason or error}") from error
    except OSError as error:
        raise ConnectFailed(f"{host} cannot be reached: {error.strerror or error}") from error
    try:
        return x509.load_der_x509_certificate(content or b"").not_valid_after_utc
    except ValueError as error:
        raise TlsFailed(f"The certificate of {host} cannot be read: {error}") from error
