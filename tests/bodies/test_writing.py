"""A site file that was written is read as what it was, whatever its texts hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streetmend.bodies.checking import Checker
from streetmend.bodies.sitefile.reading import read_site_file
from streetmend.bodies.sitefile.writing import write_site_file
from streetmend.bodies.specs import (
    BodySpec,
    CategorySpec,
    CategoryTexts,
    EndpointSpec,
    QuestionSpec,
    SiteFile,
    SiteSpec,
    ValueSpec,
)
from tests.support.sitefiles import RICH

texts = st.text(max_size=60)
names = st.text(min_size=1, max_size=60)


def described(text: str, code: str) -> SiteFile:
    """A file that has these texts wherever a file may have some."""
    question = QuestionSpec(
        code="q",
        datatype="singlevaluelist",
        text=text,
        values=[ValueSpec(key=f"k{code}", name=f"n{text}", stop=text)],
    )
    category = CategorySpec(
        name=f"c{text}",
        code=f"c{code}",
        group=text,
        description=text,
        keywords=[text],
        texts={"en": CategoryTexts(name=f"t{text}", description=text)},
        questions=[question],
    )
    endpoint = EndpointSpec(
        url="https://x.example/",
        jurisdiction_id=text,
        parameters={f"p{code}": code},
        statuses_in={f"s{text}": "closed"},
    )
    body = BodySpec(name=f"b{text}", endpoints=[endpoint], categories=[category])
    return SiteFile(
        site=SiteSpec(name=f"s{text}", intro=text, emergency=code, languages=["nb", "en"]), bodies=[body]
    )


@given(texts, names)
def test_what_was_written_is_read_as_the_same(text: str, code: str) -> None:
    checker = Checker(["nb"])
    file = checker.file(described(text, code))
    if not checker.problems:
        assert read_site_file(write_site_file(file), languages=["nb"]) == file


def test_a_file_with_something_of_everything_comes_back_but_for_its_key() -> None:
    file = read_site_file(RICH, languages=["nb"])
    written = write_site_file(file)
    assert "s3cret" not in written
    again = read_site_file(written, languages=["nb"])
    assert write_site_file(again) == written.replace(
        next(line for line in written.splitlines(True) if "The API key" in line), ""
    )
