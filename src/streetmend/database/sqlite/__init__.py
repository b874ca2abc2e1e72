"""The ENGINE for SQLite: Django's backend with settings that keep what was written, and a gate for writers."""
