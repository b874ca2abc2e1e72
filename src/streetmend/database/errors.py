"""Which errors of a database pass by themselves."""

from django.db import Error

from streetmend.database.gate import WritersBusy
from streetmend.database.schema import is_between_releases

# PostgreSQL's codes (appendix A of its manual): the same work, begun anew, may well succeed.
_PASSING = frozenset(
    {
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "53100",  # disk_full
        "53200",  # out_of_memory
        "53300",  # too_many_connections
        "55P03",  # lock_not_available
        "57014",  # query_canceled (statement_timeout)
        "57P01",  # admin_shutdown
        "57P02",  # crash_shutdown
        "57P03",  # cannot_connect_now
        "25P03",  # idle_in_transaction_session_timeout
    }
)
_PASSING_SQLITE = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_BUSY_SNAPSHOT", "SQLITE_FULL"})
_CONNECTION = "08"  # the class of connection exceptions


def is_temporary(error: BaseException) -> bool:
    """True where trying the whole unit of work again later may help: busy, restarting, full, out of reach, between releases
    (HTTP 503).

    False for what is wrong with the work itself or with the data.
    """
    if isinstance(error, WritersBusy):
        return True
    if not isinstance(error, Error):
        return False
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return state in _PASSING or state.startswith(_CONNECTION) or _is_between_releases(error)
    if type(cause).__module__.startswith("psycopg"):  # the server never answered, so there is no code
        return type(cause).__name__ in ("OperationalError", "ConnectionTimeout", "PoolTimeout")
    if getattr(cause, "sqlite_errorname", "") in _PASSING_SQLITE:
        return True
    return _is_between_releases(error)


def _is_between_releases(error: Error) -> bool:
    try:
        return is_between_releases(error)
    except Error:  # it cannot be asked by now
        return True
