"""An administration to test against: an Open311 endpoint with a ledger, in memory and as a real HTTP server.

::

    endpoint = PretendEndpoint(services=[Service(service_code="POT", service_name="Pothole")], key="secret")
    with serving(endpoint) as server:
        ...                                   # a client posts to server.url
        entry = endpoint.ledger.entries()[0]  # what has arrived
        endpoint.say(entry.service_request_id, "closed", "The hole is filled.")
        endpoint.script(fail(500, stored=True))  # the next POST is stored and answered with an error

``behaviours`` has everything an endpoint may do to a request.
"""

from streetmend.georeport.testing.behaviours import (
    Answer,
    Behaviour,
    accept,
    bomb,
    break_off,
    busy,
    cut_short,
    deaf,
    doctype,
    drop,
    empty_id,
    endless,
    fail,
    garbage,
    html,
    no_http,
    nothing,
    redirect,
    refuse,
    same_id,
    slow,
    token,
    trickle,
    two_requests,
    unauthorised,
    wrong_type,
)
from streetmend.georeport.testing.endpoint import OPERATIONS, PretendEndpoint
from streetmend.georeport.testing.half_bad import half_bad
from streetmend.georeport.testing.ledger import Entry, Ledger, PostedUpdate, Seen
from streetmend.georeport.testing.server import Handles, Server, serving

__all__ = [
    "OPERATIONS",
    "Answer",
    "Behaviour",
    "Entry",
    "Handles",
    "Ledger",
    "PostedUpdate",
    "PretendEndpoint",
    "Seen",
    "Server",
    "accept",
    "bomb",
    "break_off",
    "busy",
    "cut_short",
    "deaf",
    "doctype",
    "drop",
    "empty_id",
    "endless",
    "fail",
    "garbage",
    "half_bad",
    "html",
    "no_http",
    "nothing",
    "redirect",
    "refuse",
    "same_id",
    "serving",
    "slow",
    "token",
    "trickle",
    "two_requests",
    "unauthorised",
    "wrong_type",
]
