"""What our writer says, our reader understands: equal values, for every type and both formats."""

from collections.abc import Callable
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.georeport import forms, reading
from streetmend.georeport.dialect import DEFAULT, SERVED, Dialect
from streetmend.georeport.form_reading import read_new_request, read_update
from streetmend.georeport.multipart import read_form, write_form
from streetmend.georeport.search import RequestSearch, split_query
from streetmend.georeport.types import NewRequest, RequestUpdate
from streetmend.georeport.writing import WRITERS
from tests.georeport import strategies

both_formats = pytest.mark.parametrize("fmt", ["xml", "json"])

LISTS = {
    "services": strategies.SERVICES,
    "requests": strategies.REQUESTS,
    "updates": strategies.UPDATES,
    "errors": strategies.ERRORS,
}
SINGLE = {"accepted": strategies.ACCEPTED, "update_accepted": strategies.UPDATES_ACCEPTED}
OBJECTS = {"definition": strategies.DEFINITIONS, "discovery": strategies.DISCOVERIES}


def write(kind: str, fmt: Any, value: Any, dialect: Dialect = DEFAULT) -> bytes:
    writer: Callable[..., bytes] = getattr(WRITERS[fmt], f"write_{kind}")
    return writer(value, dialect)


def read(kind: str, body: bytes) -> Any:
    reader: Callable[[bytes], Any] = getattr(reading, f"read_{kind}")
    return reader(body)


@both_formats
@pytest.mark.parametrize("kind", LISTS)
@given(data=st.data())
def test_a_list_comes_back_as_it_was_written(kind, fmt, data):
    rows = data.draw(st.lists(LISTS[kind], min_size=1, max_size=6))
    expected = [strategies.shown_in_xml(row) for row in rows] if fmt == "xml" else rows
    page = read(kind, write(kind, fmt, rows))
    assert list(page) == expected
    assert not getattr(page, "problems", ())


@both_formats
@pytest.mark.parametrize("kind", SINGLE)
@given(data=st.data())
def test_an_answer_to_a_post_comes_back_as_it_was_written(kind, fmt, data):
    value = data.draw(SINGLE[kind])
    assert list(read(kind, write(kind, fmt, value))) == [value]


@both_formats
@pytest.mark.parametrize("kind", OBJECTS)
@given(data=st.data())
def test_an_object_comes_back_as_it_was_written(kind, fmt, data):
    value = data.draw(OBJECTS[kind])
    assert read(kind, write(kind, fmt, value)) == value


@both_formats
@pytest.mark.parametrize("kind", ["services", "requests", "updates"])
def test_a_list_without_rows_comes_back_without_rows(kind, fmt):
    page = read(kind, write(kind, fmt, []))
    assert (page.rows, page.problems, page.warnings) == ((), (), ())


@both_formats
@pytest.mark.parametrize("count", [1, 7, 1000, 1001, 2500])
def test_long_lists_come_back_whole_and_in_order(fmt, count):
    rows = [
        msgspec.structs.replace(SEED, service_request_id=str(n), description=f"Hull nr. {n} & <{n % 3}>")
        for n in range(1, count + 1)
    ]
    assert list(read("requests", write("requests", fmt, rows))) == rows


SEED = reading.Request(
    service_request_id="1",
    status="open",
    service_name="Annet",
    service_code="Annet",
    recipients=("Statens vegvesen region øst", "Oslo"),
    lat=59.916848,
    long=10.728148,
)


@both_formats
@pytest.mark.parametrize(
    "text",
    [
        "Mangler brustein: Det mangler brustein på kjøretøyets høyre side. Æ Ø Å é",
        "family 👩\u200d👩\u200d👧\u200d👦, flag 🇳🇴, tone 👍🏽, astral 𝕳 𠜎",
        "\u202bחור בכביש\u202c and حفرة في الطريق",
        "o\u0308 is not ö, A\u030a is not Å",
        "<b>&amp;</b> ]]> <!-- --> \" ' \\ \u2028 \u2029 \x85 \x7f",
        " two blanks  before, a tab\tinside and a\r\nline break ",
    ],
)
def test_B_05_B_08_B_63_texts_of_every_script_and_markup_come_back_to_the_letter(text, fmt):
    row = msgspec.structs.replace(SEED, description=text, title=text, recipients=(text,), status_notes=text)
    assert list(read("requests", write("requests", fmt, [row]))) == [row]


@both_formats
@pytest.mark.parametrize("dialect", SERVED.values(), ids=lambda dialect: dialect.name)
@given(rows=st.lists(strategies.REQUESTS, max_size=4))
def test_requests_written_one_by_one_and_put_together_are_the_answer(dialect, fmt, rows):
    writer = WRITERS[fmt]
    each = writer.write_each(rows, dialect)
    assert len(each) == len(rows)
    assert writer.put_together(each, dialect) == writer.write_requests(rows, dialect)
    assert each == [one for row in rows for one in writer.write_each([row], dialect)]


@both_formats
@pytest.mark.parametrize("dialect", SERVED.values(), ids=lambda dialect: dialect.name)
@given(rows=st.lists(strategies.REQUESTS, max_size=4))
def test_whatever_the_dialect_the_standard_fields_come_back(dialect, fmt, rows):
    page = read("requests", write("requests", fmt, rows, dialect))
    names = (
        "service_request_id",
        "status",
        "description",
        "service_code",
        "address",
        "zipcode",
        "status_notes",
    )
    assert [[getattr(row, name) for name in names] for row in page] == [
        [getattr(row, name) for name in names] for row in rows
    ]
    assert [row.recipients for row in page] == [
        row.recipients if dialect.recipients_as_list else tuple(filter(None, [", ".join(row.recipients)]))
        for row in rows
    ]


@given(search=strategies.SEARCHES)
def test_a_printed_search_is_parsed_as_the_same_search(search):
    query = split_query(urlencode(search.to_query()))
    assert RequestSearch.parse(query, zone=UTC) == search


@given(
    ids=strategies.IDS,
    kept=st.fixed_dictionaries(
        {}, optional={"jurisdiction_id": strategies.PARAMETER, "extensions": st.just(True)}
    ),
    search=strategies.SEARCHES,
)
def test_ids_override_the_rest_of_a_search(ids, kept, search):
    asked = msgspec.structs.replace(
        search, service_request_id=ids, **{"jurisdiction_id": None, "extensions": False, **kept}
    )
    assert RequestSearch.parse(asked.to_query(), zone=UTC) == RequestSearch(service_request_id=ids, **kept)


@given(new=strategies.NEW_REQUESTS, uploads=st.lists(strategies.UPLOADS, max_size=2))
def test_a_posted_request_is_read_as_it_was_written_with_files_and_without(new, uploads):
    content_type, body = write_form(list(forms.new_request(new, DEFAULT)), uploads)
    form = read_form(content_type, body)
    assert read_new_request(form.fields, form.uploads) == msgspec.structs.replace(new, uploads=tuple(uploads))


@given(new=strategies.NEW_REQUESTS)
def test_lists_written_with_brackets_are_read_as_lists(new):
    dialect = Dialect(multivalue="brackets")
    marked = msgspec.structs.replace(new, lists=tuple(code for code, values in new.attributes))
    assert read_new_request(forms.new_request(marked, dialect)) == marked


@given(
    update=st.builds(
        RequestUpdate,
        update_id=strategies.PARAMETER,
        service_request_id=strategies.PARAMETER,
        status=st.sampled_from(["open", "closed", "in_progress"]),
        updated_datetime=strategies.MOMENT,
        description=st.just("") | strategies.PARAMETER,
        first_name=strategies.PARAMETER,
        last_name=strategies.PARAMETER,
        media_urls=strategies.several(strategies.PARAMETER),
    )
)
@pytest.mark.parametrize("case", ["upper", "lower"])
def test_a_posted_update_is_read_as_it_was_written(update, case):
    fields = list(forms.update(update, Dialect(update_status_case=case)))
    read_back = read_update(fields)
    assert read_back == msgspec.structs.replace(update, status=str(getattr(update.status, case)()))


def test_the_same_form_gives_the_same_bytes():
    new = NewRequest(service_code="POT", lat=60.0, long=5.0, description="A\nB")
    photo = strategies.types.Upload(
        field="photo1", filename="1.jpeg", content_type="image/jpeg", content=b"\xff\xd8"
    )
    first, second = (write_form(list(forms.new_request(new, DEFAULT)), [photo]) for _ in range(2))
    assert first == second
    other = write_form(
        list(forms.new_request(new, DEFAULT)), [msgspec.structs.replace(photo, content=b"\xff")]
    )
    assert other != first
