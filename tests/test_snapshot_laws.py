"""What holds for every snapshot: generated files, the same ones in every run."""

from __future__ import annotations

import copy
import math
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from descope_projects import ConfigurationError, Snapshot

# The same examples everywhere and always: a failure is one of the code, never one of chance. `make fuzz` looks further.
LAW = settings(derandomize=True, max_examples=40, deadline=None, database=None)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
INTEGERS = st.integers() | st.integers(-(2**200), 2**200) | st.sampled_from([2**53 + 1, 2**63, -(2**63) - 1, 0])
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from([Decimal("1E+400"), Decimal("-0.10")])


def json_values(*numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | TEXT | st.one_of(*numbers)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
    )


def files(*numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Files of every kind, at paths that every system can have."""
    name = st.text("abcdefgh-é漢", min_size=1, max_size=5)
    folder = st.sampled_from(["", "auth/", "flows/", "flows/sign-in/", "assets/", "future/deep/"])

    def of(extension: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        path = st.builds(lambda folder, name: f"{folder}{name}{extension}", folder, name)
        return st.dictionaries(path, value, max_size=3)

    parts = [
        of(".json", st.dictionaries(TEXT, json_values(*numbers), max_size=4)),
        of(".txt", TEXT),
        of(".html", TEXT),
        of(".png", st.binary(max_size=20)),
        of(".yaml", TEXT),
        st.just({"project.json": {}}),
    ]
    return st.tuples(*parts).map(lambda parts: {path: value for part in parts for path, value in part.items()})


PLAIN = files(INTEGERS, FLOATS)
WITH_DECIMALS = files(INTEGERS, FLOATS, DECIMALS)


def exact(value: Any) -> Any:  # noqa: ANN401 -- JSON is anything
    """A value in which equal means: the same JSON. Numbers by what they denote, apart from `True` and from text."""
    if isinstance(value, bool) or value is None or isinstance(value, (str, bytes)):
        return (type(value).__name__, value)
    if isinstance(value, (int, float, Decimal)):
        return ("number", Decimal(repr(value)) if isinstance(value, float) else Decimal(value))
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    return [exact(inner) for inner in value]


def as_written(files: dict[str, Any]) -> Any:  # noqa: ANN401 -- the same
    """The files as a digest sees them: a text file ends with a line's end, an unknown one is what it is."""

    def one(path: str, value: Any) -> Any:  # noqa: ANN401 -- the same
        if isinstance(value, str) and path.endswith((".txt", ".html")) and value and not value.endswith("\n"):
            return value + "\n"
        return value

    return {path: exact(one(path, value)) for path, value in files.items()}


def shuffled(value: Any) -> Any:  # noqa: ANN401 -- the same
    if isinstance(value, dict):
        return {key: shuffled(inner) for key, inner in reversed(value.items())}
    return [shuffled(inner) for inner in value] if isinstance(value, list) else value


def tree(directory: Path) -> dict[str, bytes]:
    paths = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in paths}


class TestRoundTrips:
    @LAW
    @given(PLAIN)
    def test_a_mapping_comes_back_as_it_went_in(self, files: dict[str, Any]) -> None:
        snapshot = Snapshot.from_files(files)
        again = snapshot.to_files()
        assert as_written(again) == as_written(files)
        assert {path: type(value) for path, value in again.items()} == {p: type(v) for p, v in files.items()}
        assert dict(snapshot) == again
        assert Snapshot.from_files(again) == snapshot

    @LAW
    @given(st.dictionaries(TEXT, json_values(INTEGERS, FLOATS, DECIMALS), max_size=5))
    def test_no_digit_is_lost(self, value: dict[str, Any]) -> None:
        snapshot = Snapshot.from_files({"a.json": value})
        decimals = snapshot.json("a.json", decimal=True)
        assert exact(decimals) == exact(value)
        assert Snapshot.from_files({"a.json": decimals}) == snapshot

    @LAW
    @given(WITH_DECIMALS, st.sampled_from([("one", "two"), ("one.zip", "two.zip"), ("one", "two.zip")]))
    def test_what_is_written_read_and_written_is_the_same_bytes(
        self, files: dict[str, Any], names: tuple[str, str]
    ) -> None:
        snapshot = Snapshot.from_files(files)
        with tempfile.TemporaryDirectory() as folder:
            one, two = (Path(folder) / name for name in names)
            snapshot.write(one, allow_secrets=True)
            read = Snapshot.read(one)
            read.write(two, allow_secrets=True)
            again = Snapshot.read(two)
            assert read == snapshot == again
            assert {path: read.content(path) for path in read} == {p: snapshot.content(p) for p in snapshot}
            assert (read.semantic_digest, read.partial) == (snapshot.semantic_digest, snapshot.partial)
            if names == ("one", "two"):
                assert tree(one) == tree(two)
            elif names == ("one.zip", "two.zip"):
                assert one.read_bytes() == two.read_bytes()


class TestRefusals:
    @LAW
    @given(
        st.sampled_from([math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity")]),
        st.lists(st.sampled_from(["key", 0]), max_size=4),
    )
    def test_what_is_no_number_is_refused_with_its_place(self, number: Any, way: list[str | int]) -> None:  # noqa: ANN401 -- a number
        value, place = number, ""
        for step in way:
            value = {step: value} if step == "key" else [value]
            place = f'["key"]{place}' if step == "key" else f"[0]{place}"
        with pytest.raises(ConfigurationError) as raised:
            Snapshot.from_files({"a.json": {"top": value}})
        assert str(raised.value).startswith(f'files["a.json"]["top"]{place}: ')

    @LAW
    @given(TEXT, st.integers(0xD800, 0xDFFF), TEXT)
    def test_a_lone_surrogate_is_refused_wherever_it_stands(self, before: str, unit: int, after: str) -> None:
        text = f"{before}{chr(unit)}{after}"
        places: list[dict[str, Any]] = [{"a.json": {"k": text}}, {"a.json": {text: 1}}, {"a.txt": text}, {text: {}}]
        for files in places:
            with pytest.raises(ConfigurationError, match="not valid Unicode"):
                Snapshot.from_files(files)

    def test_an_integer_that_python_does_not_write_is_refused_with_its_place(self) -> None:
        with pytest.raises(ConfigurationError, match=r'files\["a.json"\]\["n"\]: is an integer of more digits'):
            Snapshot.from_files({"a.json": {"n": 10**5000}})


class TestDigests:
    @LAW
    @given(PLAIN)
    def test_order_does_not_count(self, files: dict[str, Any]) -> None:
        one, two = Snapshot.from_files(files), Snapshot.from_files(shuffled(files))
        assert one.digest == two.digest
        assert one.semantic_digest == two.semantic_digest
        assert one == two
        assert hash(one) == hash(two)

    @LAW
    @given(PLAIN, PLAIN, st.data())
    def test_they_are_equal_exactly_if_the_content_is(
        self, left: dict[str, Any], right: dict[str, Any], data: st.DataObject
    ) -> None:
        # Mostly near to each other: the same files but for some.
        for path in data.draw(st.lists(st.sampled_from(sorted(left)), max_size=2)):
            right = {**left, path: right.get(path, left[path])}
        same = as_written(left) == as_written(right)
        one, two = Snapshot.from_files(left), Snapshot.from_files(right)
        assert (one.digest == two.digest) == same
        assert (one == two) == same

    @LAW
    @given(st.dictionaries(TEXT, json_values(INTEGERS), max_size=4), st.data())
    def test_a_change_of_one_value_changes_both(self, value: dict[str, Any], data: st.DataObject) -> None:
        assume("componentsVersion" not in value)
        other = copy.deepcopy(value)
        replace_a_leaf(other, data)
        one, two = Snapshot.from_files({"a.json": value}), Snapshot.from_files({"a.json": other})
        same = exact(value) == exact(other)
        assert (one.digest == two.digest) == same
        assert (one.semantic_digest == two.semantic_digest) == same


def replace_a_leaf(value: Any, data: st.DataObject) -> None:  # noqa: ANN401 -- JSON is anything
    """Puts another value somewhere into it, in place."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            if isinstance(value, dict):
                value["new"] = data.draw(json_values(INTEGERS))
            else:
                value.append(data.draw(json_values(INTEGERS)))
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(value[key], (dict, list)) or data.draw(st.booleans()):
            value[key] = data.draw(json_values(INTEGERS))
            return
        value = value[key]


FLOW = "flows/sign-in"
NOISE = st.dictionaries(
    st.sampled_from(["inputKeys", "allInputKeys", "contextKeys", "calculatedInputKeys", "inputsMetadata", "view"]),
    json_values(INTEGERS),
)


def flow(tasks: dict[str, Any], screens: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A project with one flow of these tasks, its screens under these file names."""
    named = dict(zip(names, screens.items(), strict=True))
    return {
        "project.json": {"domain": "example.com"},
        "flows/flows.json": {"flows": ["sign-in"]},
        f"{FLOW}/metadata.json": {"name": "Sign in", "screens": names},
        f"{FLOW}/contents.json": {"startTask": "0", "tasks": tasks},
        **{f"{FLOW}/screen-{name}.json": {**screen, "screenId": id_} for name, (id_, screen) in named.items()},
    }


TASKS = st.dictionaries(st.sampled_from("0123"), st.dictionaries(TEXT, json_values(INTEGERS), max_size=3), max_size=3)
SCREENS = st.dictionaries(st.sampled_from(["SC1", "SC2", "SC3"]), st.dictionaries(TEXT, TEXT, max_size=2), max_size=3)
NAMES = st.lists(st.text("abcdef-", min_size=1, max_size=6), min_size=3, max_size=3, unique=True)


class TestNoise:
    """What may differ between two exports of a project that nobody touched."""

    @LAW
    @given(TASKS, SCREENS, NAMES, NAMES, st.data())
    def test_noise_changes_the_exact_digest_alone(
        self, tasks: dict[str, Any], screens: dict[str, Any], names: list[str], others: list[str], data: st.DataObject
    ) -> None:
        one = flow(tasks, screens, names[: len(screens)])
        noisy = {key: {**task, **data.draw(NOISE)} for key, task in tasks.items()}
        for task in noisy.values():
            task.setdefault(data.draw(TEXT), None)
        two = flow(noisy, dict(reversed(screens.items())), others[: len(screens)])
        for path, value in two.items():
            if data.draw(st.booleans()):
                two[path] = {**value, "componentsVersion": data.draw(TEXT)}
        left, right = Snapshot.from_files(one), Snapshot.from_files(two)
        assert left.semantic_digest == right.semantic_digest
        assert (left.digest == right.digest) == (as_written(one) == as_written(two))

    @LAW
    @given(TASKS, SCREENS, NAMES, st.data())
    def test_any_other_change_of_a_flow_changes_both(
        self, tasks: dict[str, Any], screens: dict[str, Any], names: list[str], data: st.DataObject
    ) -> None:
        one = flow(tasks, screens, names[: len(screens)])
        two = copy.deepcopy(one)
        paths = ["project.json", "flows/flows.json", *(path for path in one if "/screen-" in path)]
        replace_a_leaf(two[data.draw(st.sampled_from(paths))], data)
        left, right = Snapshot.from_files(one), Snapshot.from_files(two)
        same = as_written(one) == as_written(two)
        assert (left.digest == right.digest) == same
        assert (left.semantic_digest == right.semantic_digest) == same

    @pytest.mark.parametrize(
        "change",
        [
            {"0": {"id": "0", "name": "other"}},
            {"0": {"id": "0", "list": [1, 3]}},
            {"0": {"id": "0", "list": [None, 2]}},
            {"0": {"id": "0", "deep": {"view": 2}}},
            {},
            {"0": {"id": "0"}, "1": {"id": "1"}},
        ],
    )
    def test_what_only_looks_like_noise_changes_both(self, change: dict[str, Any]) -> None:
        base = {"0": {"id": "0", "name": "first", "list": [1, 2], "deep": {"view": 1}}}
        one, two = flow(base, {}, []), flow({**base, **change} if change else {}, {}, [])
        assert Snapshot.from_files(one).semantic_digest != Snapshot.from_files(two).semantic_digest
