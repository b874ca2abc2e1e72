"""Services, questions, updates, discovery, errors and answers to posts, in every shape that servers give them."""

import json

import pytest

from streetmend.georeport.reading import (
    read_accepted,
    read_definition,
    read_discovery,
    read_errors,
    read_services,
    read_update_accepted,
    read_updates,
)
from streetmend.georeport.types import AttributeValue


def test_services_have_one_group_or_groups_and_keywords_in_any_form():
    body = b"""<services><service><service_code>015</service_code><service_name>Lys &amp; vei</service_name>
        <groups><group>Street</group><group>Light</group></groups><keywords>lamp, dark ,lamp,</keywords></service>
        <service><service_code>016</service_code><group>Street</group><keywords/></service></services>"""
    first, second = read_services(body)
    assert (first.service_code, first.service_name, first.groups) == ("015", "Lys & vei", ("Street", "Light"))
    assert first.keywords == ("lamp", "dark")
    assert (second.service_name, second.groups, second.keywords, second.metadata) == (
        "",
        ("Street",),
        (),
        False,
    )


QUESTION = (
    "<attribute><code>SIZE</code><datatype>SingleValueList</datatype><required>true</required>{}</attribute>"
)
CHOICES = "<values><value><key>1</key><name>Small</name></value><value><key>2</key><name>Big</name></value></values>"


@pytest.mark.parametrize(
    "body",
    [
        f"<service_definition><attributes>{QUESTION.format(CHOICES)}</attributes></service_definition>",
        f"<service_definition>{QUESTION.format(CHOICES)}</service_definition>",
        f"<service_definitions><service_definition>{QUESTION.format(CHOICES)}</service_definition></service_definitions>",
        json.dumps(
            {
                "service_definition": {
                    "attributes": [
                        {
                            "code": "SIZE",
                            "datatype": "singlevaluelist",
                            "required": "true",
                            "values": {"1": "Small", "2": "Big"},
                        }
                    ]
                }
            }
        ),
    ],
)
def test_definitions_are_read_with_attributes_wrapped_and_bare(body):
    (question,) = read_definition(body.encode()).attributes
    assert (question.code, question.datatype, question.required, question.variable) == (
        "SIZE",
        "singlevaluelist",
        True,
        True,
    )
    assert question.values == (AttributeValue("1", "Small"), AttributeValue("2", "Big"))


def test_B_87_odd_questions_are_read_as_they_are():
    attributes = [
        {
            "code": "__proto__",
            "datatype": "hologram",
            "description": "<b>Bold</b>",
            "required": True,
            "values": [],
        },
        {
            "code": "many",
            "datatype": "singlevaluelist",
            "values": [{"key": n, "name": f"N{n}"} for n in range(10_000)],
        },
    ]
    body = json.dumps({"service_code": "x", "attributes": attributes}).encode()
    odd, many = read_definition(body).attributes
    assert (odd.code, odd.datatype, odd.description, odd.required) == (
        "__proto__",
        "hologram",
        "<b>Bold</b>",
        True,
    )
    assert len(many.values) == 10_000


def test_B_86_a_long_list_of_odd_services_is_read_whole():
    codes = ["a/b", "a_b", "a b", "x" * 2000, "a/b", *map(str, range(100_000))]
    body = json.dumps([{"service_code": code, "service_name": ""} for code in codes]).encode()
    assert [service.service_code for service in read_services(body)] == codes


def test_updates_are_read_with_photos_in_any_form():
    body = b"""<service_request_updates><request_update><update_id>9</update_id>
      <service_request_id>7</service_request_id><status>FIXED</status><description/>
      <updated_datetime>2024-05-01T10:00:00Z</updated_datetime>
      <media_url>http://a.example/1</media_url><media_url>http://a.example/2</media_url>
      <extras><latest_data_only>1</latest_data_only></extras></request_update></service_request_updates>"""
    (update,) = read_updates(body)
    assert (update.update_id, update.status, update.description) == ("9", "fixed", "")
    assert update.media_urls == ("http://a.example/1", "http://a.example/2")
    assert update.others == {"extras": {"latest_data_only": "1"}}


def test_discovery_is_read_wrapped_and_bare():
    inside = {
        "changeset": "2011-09-1 17:35",
        "endpoints": [{"url": " http://x.example ", "formats": ["text/xml"]}],
    }
    for value in (inside, {"discovery": inside}, [inside]):
        found = read_discovery(json.dumps(value).encode())
        assert (found.changeset, found.endpoints[0].url) == ("2011-09-1 17:35", "http://x.example")
        assert found.endpoints[0].formats == ("text/xml",)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "<errors><error><code>403</code><description>No key.</description></error></errors>",
            [("403", "No key.")],
        ),
        ("<error>no key</error>", [("", "no key")]),
        ('[{"code": 403, "description": "No key."}]', [("403", "No key.")]),
        ('{"errors": {"code": 400, "description": "Bad."}}', [("400", "Bad.")]),
        ('{"code": 400, "detail": ["lat", "long"]}', [("400", "lat"), ("400", "long")]),
        ('{"error": {"message": "Nope"}}', [("", "Nope")]),
        ('{"errors": ["a", "b"]}', [("", "a"), ("", "b")]),
        ("[]", []),
    ],
)
def test_reasons_are_found_in_every_shape(body, expected):
    assert [(error.code, error.description) for error in read_errors(body.encode())] == expected


def test_answers_to_posts_are_read_as_rows():
    assert [row.token for row in read_accepted(b"<r><request><token>t-1</token></request></r>")] == ["t-1"]
    wrapped = read_update_accepted(b'{"service_request_updates": {"update_id": 12}}')
    assert [row.update_id for row in wrapped] == ["12"]
