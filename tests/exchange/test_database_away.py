"""The database is away between a POST and its record, and workers are stopped at the worst moments: what was answered is not lost."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from streetmend.bodies.models import Endpoint
from streetmend.database.gate import WritersBusy, gate_for
from streetmend.georeport import testing
from streetmend.reports.models import Attempt, Delivery
from streetmend.reports.states import DeliveryState
from tests.exchange.processes import until
from tests.exchange.reports import expire_leases, posts
from tests.exchange.test_crashes import endpoint, next_worker, report_now, server, town  # noqa: F401  fixtures
from tests.support import servers
from tests.support.relay import Relay, relaying
from tests.support.servers import Connection
