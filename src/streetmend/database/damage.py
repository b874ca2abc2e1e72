"""What the database itself has noticed of damage to what it keeps."""

from django.db import connection

_COUNTED = "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"


def damaged_pages() -> int:
    """How often PostgreSQL has read a page that it did not write so, since its statistics began.

    0 for a cluster without checksums, and for SQLite, which `streetmend doctor` looks through. Raises django.db.Error.
    """
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED)
        (count,) = cursor.fetchone()
    return count or 0
