"""API keys lie sealed, come from files and variables, and are shown nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from streetmend.bodies import sealing
from streetmend.bodies.models import Endpoint
from streetmend.bodies.sealing import KeyMissing, SealBroken, api_key, seal, unseal
from streetmend.bodies.services import Applied, apply_site_file, set_api_key
from streetmend.bodies.sitefile.present import present_file
from streetmend.bodies.sitefile.reading import read_site_file
from streetmend.bodies.sitefile.writing import write_site_file
from streetmend.bodies.specs import EndpointSpec

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
KEY = "Nøkkel-4711-hemmelig"


def apply(line: str) -> Applied:
    text = f'[[bodies]]\nname = "Vestby"\nsend = "open311"\n[bodies.endpoint]\nurl = "https://x.example/"\n{line}\n'
    return apply_site_file(file=read_site_file(text, languages=["nb"]), now=NOW)


def test_B_102_what_is_sealed_cannot_be_read_and_is_never_the_same_twice():
    first, second = seal(KEY), seal(KEY)
    assert first != second
    assert KEY not in first
    assert (unseal(first), unseal(second), seal(""), unseal("")) == (KEY, KEY, "", "")


def test_B_102_a_spec_that_is_printed_shows_no_key():
    assert KEY not in repr(EndpointSpec(url="https://x.example/", api_key=KEY))


def test_B_102_a_seal_of_another_secret_key_is_not_read(settings):
    sealed = seal(KEY)
    settings.SECRET_KEY = "another-one"
    with pytest.raises(SealBroken, match="STREETMEND_SECRET_KEY") as caught:
        unseal(sealed)
    assert KEY not in str(caught.value)
    settings.SECRET_KEY_FALLBACKS = ["the-tests-have-no-secrets"]
    assert unseal(sealed) == KEY


@pytest.mark.parametrize("sealed", ["x", "gAAAAAB", "gAAAAABm" + "A" * 92, "\u00e6"])
def test_B_102_a_seal_that_was_changed_is_not_read(sealed):
    with pytest.raises(SealBroken):
        unseal(sealed)


@pytest.mark.django_db
class TestAnApiKey:
    def test_B_102_it_lies_sealed_in_the_database(self) -> None:
        apply(f'api_key = "{KEY}"')
        row = Endpoint.objects.get()
        assert all(KEY not in str(value) for value in Endpoint.objects.values().get().values())
        assert api_key(row) == KEY

    def test_B_102_it_is_in_no_list_of_changes_and_in_no_export(self) -> None:
        told = [*apply(f'api_key = "{KEY}"').changes, *apply('api_key = "another"').changes]
        assert told
        assert KEY not in str(told)
        assert "another" not in str(told)
        assert "another" not in write_site_file(present_file())
        assert "another" not in str(present_file())

    def test_the_same_key_again_is_no_change_and_another_one_is(self) -> None:
        apply(f'api_key = "{KEY}"')
        sealed = Endpoint.objects.get().api_key_sealed
        assert apply(f'api_key = "{KEY}"').changes == ()
        assert Endpoint.objects.get().api_key_sealed == sealed
        [change] = apply('api_key = "another"').changes
        assert (change.key, change.old, change.new) == ("api_key", "(not shown)", "(not shown)")
        assert api_key(Endpoint.objects.get()) == "another"

    def test_a_file_without_one_leaves_it(self) -> None:
        apply(f'api_key = "{KEY}"')
        assert apply("").changes == ()
        assert api_key(Endpoint.objects.get()) == KEY

    def test_it_comes_from_the_variable_that_is_named_at_each_call(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        apply('api_key_env = "VESTBY_KEY"')
        row = Endpoint.objects.get()
        with pytest.raises(KeyMissing, match="VESTBY_KEY"):
            api_key(row)
        monkeypatch.setenv("VESTBY_KEY", f" {KEY}\n")
        assert api_key(row) == KEY
        assert 'api_key_env = "VESTBY_KEY"' in write_site_file(present_file())

    def test_it_comes_from_the_file_that_is_named_at_each_call(self, tmp_path: Path) -> None:
        file = tmp_path / "key"
        apply(f'api_key_file = "{file}"')
        row = Endpoint.objects.get()
        with pytest.raises(KeyMissing, match=str(file)):
            api_key(row)
        file.write_bytes(b"\xff\xfe")
        with pytest.raises(KeyMissing, match=str(file)):
            api_key(row)
        file.write_text(f"{KEY}\n", encoding="utf-8")
        assert api_key(row) == KEY
        assert f'api_key_file = "{file}"' in write_site_file(present_file())

    def test_a_key_from_elsewhere_takes_the_place_of_the_one_that_was_kept(self) -> None:
        apply(f'api_key = "{KEY}"')
        apply('api_key_env = "VESTBY_KEY"')
        row = Endpoint.objects.get()
        assert (row.api_key_sealed, row.api_key_source) == ("", {"env": "VESTBY_KEY"})

    def test_staff_may_set_it_and_take_it_away(self) -> None:
        apply("")
        row = Endpoint.objects.get()
        set_api_key(endpoint=row, api_key=KEY, now=NOW)
        assert api_key(Endpoint.objects.get()) == KEY
        set_api_key(endpoint=row, api_key="", now=NOW)
        assert api_key(Endpoint.objects.get()) == ""

    def test_a_site_whose_seals_are_broken_can_still_be_exported_and_set_anew(self, settings) -> None:
        apply(f'api_key = "{KEY}"')
        settings.SECRET_KEY = "another-one"
        assert "https://x.example/" in write_site_file(present_file())
        assert [change.key for change in apply(f'api_key = "{KEY}"').changes] == ["api_key"]
        assert sealing.api_key(Endpoint.objects.get()) == KEY
