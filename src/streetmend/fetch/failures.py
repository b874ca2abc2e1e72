"""From the library's exceptions to ours: what failed, and had anything left by then?"""

import os
import ssl

import aiohttp

from streetmend.fetch import errors
from streetmend.fetch.connect import Hop


def as_fetch_error(error: Exception, hop: Hop) -> errors.FetchError:
    """The error to raise for one of aiohttp or of the operating system, by what is known of the request."""
    if hop.sent_bytes == 0:
        return _not_sent(error, hop)
    if isinstance(error, aiohttp.ClientResponseError):
        return errors.AnswerUnreadable("The answer is not HTTP")
    return errors.ConnectionBroken(f"The connection ended before the answer was complete ({_words(error)})")


def _not_sent(error: Exception, hop: Hop) -> errors.FetchError:
    if hop.refused and not hop.sockets:
        return errors.AddressRefused(f"{hop.refused[0]} may not be called")
    if isinstance(error, ssl.SSLError | aiohttp.ClientSSLError):
        return errors.TlsFailed(f"No secure connection: {_tls_words(error)}")
    if isinstance(error, TimeoutError):
        return errors.ConnectTimedOut("No connection in time")
    if isinstance(error, aiohttp.ClientConnectorError):
        return errors.ConnectFailed(f"No connection to {error.host}:{error.port} ({_words(error)})")
    return errors.ConnectFailed(f"The connection ended before the first byte ({_words(error)})")


def _tls_words(error: Exception) -> str:
    cause = getattr(error, "certificate_error", None) or error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return cause.reason.replace("_", " ").lower()
    return "the handshake failed"


def _words(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return type(cause).__name__
