"""`streetmend keys`: a key is printed once, as the last word."""

from __future__ import annotations

import pytest

from streetmend.accounts.keys import key_for
from streetmend.accounts.models import ApiKey, Scope
from tests.support.town import make_town


def test_a_key_is_printed_once_as_the_last_word_and_opens_reports(call):
    ended = call("keys", "create", "City app")
    secret = ended.out.split()[-1]
    assert (ended.status, key_for(secret, Scope.REPORT).name) == (0, "City app")
    for listing in (call("keys", "list"), call("keys", "list", "--json")):
        assert "City app" in listing.out
        assert secret not in listing.out


def test_scopes_add_up_and_a_body_is_named_or_numbered(call):
    town = make_town()
    for body in ("Vestby kommune", "101"):
        options = ["--scope", "update", "--scope", "report", "--rate", "60/min", "--body", body]
        secret = call("keys", "create", "Their system", *options).out.split()[-1]
        key = key_for(secret, Scope.UPDATE)
        assert key_for(secret, Scope.REPORT) == key
        assert (key.body, key.rate_per_minute, key.scopes) == (town.west, 60, ["report", "update"])
    rows = call("keys", "list", "--json").json
    assert [row["body"] for row in rows] == ["Vestby kommune"] * 2


def test_as_json_the_key_is_in_it(call):
    told = call("keys", "create", "City app", "--json").json
    assert key_for(told["key"], Scope.REPORT).pk == told["id"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--scope", "update"], "belongs to a body"),
        (["--body", "Nobody"], "There is no body"),
        (["--rate", "many"], "is no rate"),
        (["--rate", "0/min"], "is no rate"),
        (["--scope", "write"], "is not one of"),
    ],
)
def test_wrong_use_is_told_and_makes_nothing(call, options, why):
    ended = call("keys", "create", "City app", *options)
    assert ended.status == 2
    assert why in ended.err
    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_named_by_number_owner_or_itself(call):
    secrets = [call("keys", "create", name).out.split()[-1] for name in ("One", "Two", "Three")]
    rows = call("keys", "list", "--json").json
    for word in ("One", str(rows[1]["id"]), secrets[2]):
        assert call("keys", "revoke", word).status == 0
    assert all(row["revoked_at"] for row in call("keys", "list", "--json").json)
    ended = call("keys", "revoke", "One")
    assert (ended.status, "streetmend keys list" in ended.err) == (1, True)


def test_of_two_keys_with_one_name_none_is_ended_by_it(call):
    for _ in range(2):
        call("keys", "create", "One")
    ended = call("keys", "revoke", "One")
    assert ended.status == 1
    assert ApiKey.objects.filter(revoked_at=None).count() == 2
