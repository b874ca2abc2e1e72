"""Forms of the set-up: what was typed becomes a spec, which the rules of bodies judge, and which a service makes true."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import tomlkit
from django import forms

from streetmend.bodies.checking import Checker
from streetmend.bodies.errors import Problem
from streetmend.bodies.habits import HABIT_NAMES, Habits
from streetmend.bodies.models import Body, Category, Endpoint, Site
from streetmend.bodies.queries import site
from streetmend.bodies.reading import read_spec
from streetmend.bodies.sitefile.keys import all_keys
from streetmend.bodies.sitefile.present import present_file
from streetmend.bodies.specs import CATEGORY_RULES, BodySpec, CategorySpec, EndpointSpec, SiteSpec

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class SpecForm(_ModelForm):
    """A form whose fields are keys of a spec; what it does not ask stays as it is."""

    #: the form's field for a key of the spec, where the two are not called the same
    named: Mapping[str, str] = {}
    spec: Any = None

    #: the table of the site file whose keys the fields are: what it says of a key helps here too
    table = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key in all_keys():
            field = self.fields.get(self.named.get(key.name, key.name)) if key.table == self.table else None
            if field is not None and not field.help_text:
                field.help_text = key.meaning

    def before(self) -> msgspec.Struct | None:
        """What there is now; None for something new."""
        raise NotImplementedError

    def told(self) -> dict[str, Any]:
        """The keys of the spec as they were typed."""
        raise NotImplementedError

    def judge(self, checker: Checker) -> None:
        """The rules are asked about `self.spec`."""
        raise NotImplementedError

    def kind(self) -> type[msgspec.Struct]:
        """The type of the spec."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """The typed values, and `spec` made of them; what is wrong stands at its field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        before = self.before()
        plain = msgspec.to_builtins(before) if before is not None else {}
        try:
            self.spec = msgspec.convert({**plain, **self.told()}, self.kind())
        except msgspec.ValidationError as error:
            self.add_error(None, str(error))
            return cleaned
        checker = Checker(site().languages)
        self.judge(checker)
        for problem in checker.problems:
            self.add_error(self._field_of(problem), self._words_of(problem))
        return cleaned

    def _words_of(self, problem: Problem) -> str:
        return problem.message

    def _field_of(self, problem: Problem) -> str | None:
        key = str(problem.path[0]) if problem.path else ""
        field = self.named.get(key, key)
        return field if field in self.fields else None


class SiteForm(SpecForm):
    """The site. Its languages, texts, colours and map are the site file's."""

    table = "site"

    class Meta:
        model = Site
        fields = (
            "name", "jurisdiction_id", "time_zone", "contact_email", "undo_minutes", "open_posting", "max_photos",
        )  # fmt: skip

    def before(self) -> msgspec.Struct | None:
        """The site."""
        return present_file().site

    def told(self) -> dict[str, Any]:
        """All fields."""
        return {name: self.cleaned_data[name] for name in SiteForm.Meta.fields}

    def judge(self, checker: Checker) -> None:
        """The site's rules."""
        checker.site(self.spec, ())

    def kind(self) -> type[msgspec.Struct]:
        """The site's."""
        return SiteSpec


class BodyForm(SpecForm):
    """A body without its endpoints and categories, which have pages of their own."""

    table = "bodies"

    areas = forms.CharField(
        required=False,
        label="Areas",
        max_length=5000,
        help_text="The ids of the areas that it covers, with commas between",
    )
    mapit_id = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text="The number by which agency_responsible finds it",
    )

    class Meta:
        model = Body
        fields = ("name", "mapit_id", "send", "email", "mail_updates", "url", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            ids = self.instance.covers.order_by("area_mapit_id").values_list("area_mapit_id", flat=True)
            self.initial["areas"] = ", ".join(map(str, ids))

    def clean_areas(self) -> list[int]:
        """The ids as numbers."""
        words = self.cleaned_data["areas"].replace(",", " ").split()
        wrong = [word for word in words if not (word.isascii() and word.isdigit() and len(word) < 11)]
        if wrong:
            raise forms.ValidationError(f'"{wrong[0][:20]}" is no id of an area, which is a whole number')
        return [int(word) for word in words]

    def before(self) -> msgspec.Struct | None:
        """Endpoints and categories are left out: the service leaves them alone."""
        return None

    def told(self) -> dict[str, Any]:
        """All fields."""
        return {
            **{name: self.cleaned_data[name] for name in self.Meta.fields},
            "areas": self.cleaned_data["areas"],
        }

    def judge(self, checker: Checker) -> None:
        """A body's rules."""
        checker.body(self.spec, ())

    def kind(self) -> type[msgspec.Struct]:
        """A body's."""
        return BodySpec


class EndpointForm(SpecForm):
    """An endpoint. Its key can be given and never be read; its habits are written as in the site file."""

    table = "bodies.endpoint"

    named = dict.fromkeys(HABIT_NAMES, "other_habits")
    other_habits = forms.CharField(
        required=False,
        strip=False,
        max_length=50_000,
        label="Habits",
        widget=forms.Textarea(attrs={"rows": 12, "cols": 80, "spellcheck": "false"}),
        help_text=(
            "How it differs from GeoReport v2 as written, one key a line as in the site file, for example "
            'photos = "upload". docs/reference/site-file.md has all of them.'
        ),
    )

    api_key = forms.CharField(
        required=False,
        max_length=2000,
        label="API key",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Leave it empty to keep the key that is known. It is never shown.",
    )

    class Meta:
        model = Endpoint
        fields: tuple[str, ...] = (
            "name", "url", "jurisdiction_id", "format", "timeout_seconds", "settle_seconds", "pull_updates",
            "pull_seconds", "send_updates", "on_unknown", "max_in_flight", "active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["other_habits"] = tomlkit.dumps(self.instance.habits)

    def clean_other_habits(self) -> dict[str, Any] | None:
        """The habits, those that are not named at their defaults; None where the form does not ask for them."""
        if self.add_prefix("other_habits") not in self.data:
            return None
        try:
            raw = tomllib.loads(self.cleaned_data["other_habits"].replace("\r\n", "\n"))
        except tomllib.TOMLDecodeError as error:
            raise forms.ValidationError(f"This is no TOML: {error}") from error
        problems: list[Problem] = []
        habits = read_spec(raw, Habits, (), problems)
        if habits is None:
            raise forms.ValidationError([self._words_of(problem) for problem in problems])
        told: dict[str, Any] = msgspec.to_builtins(habits)
        return told

    def _words_of(self, problem: Problem) -> str:
        known = problem.path and (problem.path[0] in HABIT_NAMES or problem.path[0] not in self.fields)
        return f"{problem.where}: {problem.message}" if known else problem.message

    def before(self) -> msgspec.Struct | None:
        """The endpoint, without its key, which then stays."""
        if not self.instance.pk:
            return None
        row = Endpoint.objects.select_related("body").get(pk=self.instance.pk)
        spec = next(one for one in _body_spec(row.body).endpoints if one.name == row.name)
        return msgspec.structs.replace(spec, api_key="")

    def told(self) -> dict[str, Any]:
        """All fields; a key takes the place of the file or variable that it came from before."""
        told = {name: self.cleaned_data[name] for name in EndpointForm.Meta.fields}
        told |= self.cleaned_data["other_habits"] or {}
        if self.cleaned_data["api_key"]:
            told |= {"api_key": self.cleaned_data["api_key"], "api_key_file": "", "api_key_env": ""}
        return told

    def judge(self, checker: Checker) -> None:
        """An endpoint's rules."""
        checker.endpoint(self.spec, ())

    def kind(self) -> type[msgspec.Struct]:
        """An endpoint's."""
        return EndpointSpec


class CategoryForm(SpecForm):
    """A category. Its questions and its words in other languages are the site file's."""

    table = "bodies.categories"

    named = {"name": "called"}
    called = forms.CharField(label="Name", max_length=200)
    words = forms.CharField(
        required=False,
        label="Keywords",
        max_length=5000,
        help_text="Words by which people look for it, with commas between",
    )

    class Meta:
        model = Category
        fields: tuple[str, ...] = (
            "code", "group", "description", "stop", "private", "active", "endpoint", *CATEGORY_RULES,
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["called"] = self.instance.name.name
            self.initial["words"] = ", ".join(self.instance.keywords)
        if "endpoint" in self.fields:
            choices: Any = self.fields["endpoint"]
            choices.queryset = Endpoint.objects.filter(body_id=self.instance.body_id)

    def before(self) -> msgspec.Struct | None:
        """The category with its questions."""
        if not self.instance.pk:
            return None
        row = Category.objects.select_related("body", "name").get(pk=self.instance.pk)
        return next(one for one in _body_spec(row.body).categories if one.name == row.name.name)

    def told(self) -> dict[str, Any]:
        """All fields."""
        told = {
            name: self.cleaned_data[name]
            for name in ("code", "group", "description", "stop", "private", "active", *CATEGORY_RULES)
        }
        if "endpoint" in self.cleaned_data:
            chosen = self.cleaned_data["endpoint"]
            told["endpoint"] = chosen.name if chosen else ""
        words = [word.strip() for word in self.cleaned_data["words"].split(",")]
        return {**told, "name": self.cleaned_data["called"], "keywords": [word for word in words if word]}

    def judge(self, checker: Checker) -> None:
        """A category's rules."""
        checker.category(self.spec, ())

    def kind(self) -> type[msgspec.Struct]:
        """A category's."""
        return CategorySpec


def _body_spec(body: Body) -> BodySpec:
    return next(spec for spec in present_file().bodies if spec.name == body.name)
