"""A site file is read as it is meant, or everything that is wrong with it is told at once, with line and key."""

from __future__ import annotations

import pytest

from streetmend.bodies.habits import STATES
from streetmend.bodies.sitefile.reading import SiteFileWrong, read_site_file
from streetmend.bodies.specs import SiteFile, ValueSpec
from streetmend.reports.states import BODY_STATES
from tests.support.sitefiles import RICH, SMALL


def read(text: str) -> SiteFile:
    return read_site_file(text, languages=["nb"])


def wrong(text: str) -> list[str]:
    with pytest.raises(SiteFileWrong) as caught:
        read(text)
    return [str(one) for one in caught.value.wrong]


def body(rest: str) -> str:
    return f'[[bodies]]\nname = "Vestby"\n{rest}'


def endpoint(rest: str) -> str:
    return body(f'[bodies.endpoint]\nurl = "https://x.example/"\n{rest}')


def category(rest: str) -> str:
    return body(f'[[bodies.categories]]\nname = "Hull"\n{rest}')


def question(rest: str) -> str:
    return category(f'[[bodies.categories.questions]]\ncode = "a"\n{rest}')


def test_a_file_with_something_of_everything_is_read():
    file = read(RICH)
    west, roads, gone = file.bodies
    assert [one.name for one in file.bodies] == ["Vestby kommune", "Veietaten", "Nedlagt etat"]
    assert west.endpoints[0].statuses_in == {"under arbeid": "in_progress", "lukket": "closed"}
    assert [asked.datatype for asked in west.categories[0].questions] == [
        "string",
        "singlevaluelist",
        "multivaluelist",
        "number",
        "datetime",
        "text",
        "string",
    ]
    assert west.categories[0].questions[1].values == [
        ValueSpec(key="1", name="Lite"),
        ValueSpec(key="Stort", name="Stort"),
    ]
    assert [one.name for one in roads.endpoints] == ["drift", "lys"]
    assert not gone.active


def test_what_is_left_out_has_its_default():
    [one] = read(SMALL).bodies
    assert (one.active, one.endpoints, one.categories[0].private) == (True, [], False)
    assert read(category("")).bodies[0].categories[0].code == "Hull"


def test_an_endpoint_s_address_gets_its_slash():
    assert read(endpoint("").replace(".example/", ".example/v2")).bodies[0].endpoints[0].url.endswith("/v2/")


def test_the_states_that_a_file_knows_are_those_that_a_body_may_set():
    assert set(STATES) == set(BODY_STATES)


def test_a_wrong_key_is_named_with_its_line_and_the_key_that_was_meant():
    said = wrong('[site]\nname = "X"\ntimezone = "UTC"\n' + endpoint('api_kee = "x"\n'))
    assert said == [
        'line 3, site.timezone: there is no such key; did you mean "time_zone"?',
        'line 8, bodies[1].endpoint.api_kee: there is no such key; did you mean "api_key"?',
    ]


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file():
    said = wrong(
        """
[site]
name = ""
languages = ["nb", "xx"]
undo_minutes = -1

[[bodies]]
mapit_id = "many"
send = "pigeon"

[[bodies]]
name = "Østby"
send = "email"
"""
    )
    assert [one.split(",")[0] for one in said] == [f"line {n}" for n in (3, 5, 7, 8, 9, 11)]
    assert [one.partition(": ")[0].partition(", ")[2] for one in said] == [
        "site.name",
        "site.undo_minutes",
        "bodies[1]",
        "bodies[1].mapit_id",
        "bodies[1].send",
        "bodies[2]",
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("name = ", "no TOML"),
        ("[site]\nname = 'a'\nname = 'b'", "no TOML"),
        ("a = " + "[" * 5000, "too many tables"),
        ("bodies = 3", "list"),
        ("[bodies]\nname = 'x'", "list"),
        ("site = [1]", "must be a table"),
    ],
)
def test_B_38_what_is_no_site_file_is_refused_in_a_sentence(text, hint):
    said = wrong(text)
    assert len(said) == 1
    assert hint in said[0]


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        (body('send = "email"'), "bodies[1]", 'needs the key "email"'),
        (body("areas = [1, -2]"), "areas", ""),
        (body("areas = 101"), "areas", "list"),
        (body("mapit_id = 4294967296"), "mapit_id", ""),
        (body("mapit_id = 1.5"), "mapit_id", "whole number"),
        (body("mapit_id = true"), "mapit_id", "whole number"),
        (body("mapit_id = 5\n" + body("mapit_id = 5").replace("Vestby", "Ø")), "bodies[2].mapit_id", "twice"),
        (body(body("")), "bodies[2].name", "twice"),
        ('[[bodies]]\nname = "\u200b "', "bodies[1].name", "must say something"),
        (category('endpoint = "ny"'), "categories[1].endpoint", 'no endpoint "ny"'),
        (category('[[bodies.categories]]\nname = "Hull"\ncode = "B"'), "categories[2].name", "twice"),
        (category('code="A"\n[[bodies.categories]]\nname="C"\ncode="A"'), "categories[2].code", "twice"),
        (category('texts.xx = {name = "X"}'), "texts.xx", "none of the site's languages"),
        (category('texts.nb = {name = "X"}'), "texts.nb", "first language"),
        (question('datatype = "colour"'), "datatype", "colour"),
        (question('datatype = "singlevaluelist"'), "questions[1]", 'needs the key "values"'),
        (question('values = ["a"]'), "values", "no choices"),
        (question('datatype = "multivaluelist"\nvalues = ["a", "a"]'), "values[2].key", "twice"),
        (question('[[bodies.categories.questions]]\ncode = "a"'), "questions[2].code", "twice"),
        (endpoint('api_key = "a"\napi_key_env = "B"'), "endpoint", "one of api_key"),
        (endpoint("timeout_seconds = 0"), "timeout_seconds", ""),
        (endpoint('on_unknown = "pray"'), "on_unknown", "pray"),
        (endpoint('format = "yaml"'), "format", ""),
        (endpoint('time_zone = "Europe/Atlantis"'), "time_zone", "Europe/Oslo"),
        (endpoint('time_zone = "../../etc/passwd"'), "time_zone", "Europe/Oslo"),
        (endpoint('duplicate_pattern = "("'), "duplicate_pattern", "regular expression"),
        (endpoint('duplicate_pattern = "a"'), "duplicate_pattern", "(?P<id>"),
        (endpoint('statuses_in = { done = "finished" }'), "statuses_in.done", "finished"),
        (endpoint('statuses_out = { finished = "done" }'), "statuses_out.finished", "no such name"),
        (endpoint('paths = { tickets = "t" }'), "paths.tickets", "no such name"),
        (endpoint('upload_field = "photo"'), "upload_field", "{n}"),
        (category('send = "pigeon"'), "categories[1].send", ""),
        (category('send = "email"'), "categories[1]", 'needs the key "email"'),
        (category('send = "open311"'), "categories[1].send", "no endpoint"),
        (category('email = "a@b@c"'), "categories[1].email", ""),
        (category("close_after_days = -1"), "categories[1].close_after_days", ""),
        (category('photo_required = "yes"'), "categories[1].photo_required", ""),
        ('[site]\ntime_zone = "Mars/Olympus"', "site.time_zone", "Europe/Oslo"),
        ("[site]\nlanguages = []", "site.languages", ""),
        ('[site]\nlanguages = ["nb", "nb"]', "site.languages[2]", "twice"),
        ('[site]\ncolours = { sky = "#ffffff" }', "site.colours.sky", "no such colour"),
        ('[site]\ncolours = { ink = "red" }', "site.colours", ""),
        ('[site]\ncolours = { ink = "#767676" }', "site.colours.ink", "at least 4.5"),
        ("[site.map]\nlat = 91\nlong = 0", "site.map.lat", ""),
        ("[site.map]\nlat = nan\nlong = 0", "site.map.lat", ""),
    ],
)
def test_each_rule_that_is_broken_names_its_key(text, key, hint):
    said = wrong(text)
    assert len(said) == 1, said
    assert key in said[0].partition(": ")[0]
    assert hint in said[0]


@pytest.mark.parametrize(
    "address",
    ["", "x.example", "ftp://x.example/", "http://", "https://a:b@x.example/", "https://x.example/?a=b",
     "https://x.example/#a", "https://x .example/", "http://[::1/", "http://x:99999/", "javascript:alert(1)"],
)  # fmt: skip
def test_B_90_an_endpoint_s_address_is_one_below_which_names_can_be_written(address):
    [said] = wrong(body(f'[bodies.endpoint]\nurl = "{address}"'))
    assert "bodies[1].endpoint.url" in said


def test_B_90_blanks_around_an_endpoint_s_address_are_dropped():
    file = read(body('[bodies.endpoint]\nurl = "  https://x.example/v2 "'))
    assert file.bodies[0].endpoints[0].url == "https://x.example/v2/"


@pytest.mark.parametrize(
    "address", ["a@b", '"a b"@x.example', "a@[127.0.0.1]", "a@x.example, b@x.example", "a"]
)
def test_B_67_an_address_is_one_address(address):
    [said] = wrong(body(f"send = 'email'\nemail = '{address}'"))
    assert "bodies[1].email" in said


def test_B_66_a_line_break_leaves_a_name_and_an_address():
    file = read('[[bodies]]\nname = "Vestby\\r\\nBcc: x@y.example"\n')
    assert file.bodies[0].name == "Vestby Bcc: x@y.example"


def test_B_01_B_02_B_06_what_no_text_may_have_is_taken_out_of_names():
    file = read('[[bodies]]\nname = "Vest\\u0000by\\u202e\\u0007"\n')
    assert file.bodies[0].name == "Vestby"


def test_B_08_names_of_any_script_are_kept_in_composed_form():
    name = "Bæ\u0301rum 東京 \U0001f6a7"
    assert read(f'[[bodies]]\nname = "{name}"\n').bodies[0].name == "B\u01fdrum 東京 \U0001f6a7"


def test_B_11_a_name_of_a_thousand_letters_is_refused():
    [said] = wrong(f'[[bodies]]\nname = "{"x" * 1000}"')
    assert "bodies[1].name" in said
    assert "200" in said


def test_B_86_a_code_may_be_anything_and_stays_letter_by_letter():
    code = "A/B _%2F  c?d#"
    assert read(category(f'code = "{code}"')).bodies[0].categories[0].code == code


def test_a_file_without_site_is_checked_against_the_languages_that_the_site_has():
    text = category('texts.en = {name = "Hole"}')
    assert wrong(text)
    assert read_site_file(text, languages=["nb", "en"])
