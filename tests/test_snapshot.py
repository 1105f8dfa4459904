"""A snapshot in the hands of a Python programmer: a mapping, its bytes, its digests, and what it refuses."""

from __future__ import annotations

import base64
import json
from collections.abc import ItemsView, KeysView, Mapping, ValuesView
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import ConfigurationError, DescopeError, Emulator, Snapshot, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
FILES: dict[str, Any] = {
    "project.json": {"domain": "example.com", "rotateJwt": True, "nothing": None, "list": [1, 2.5, "three"]},
    "assets/notice.txt": "Grüße & <Küsse>\n",
    "assets/mail.html": "<p>Hello</p>",
    "assets/img-1.png": PIXEL,
    "assets/img-2.svg": b"<svg/>",
}


@pytest.fixture
def snapshot() -> Snapshot:
    return Snapshot.from_files(FILES)


@pytest.fixture
def exported(descope_emulator: Emulator) -> Iterator[Snapshot]:
    with descope_emulator.client() as client:
        yield client.own_project.export_snapshot()


class TestMapping:
    def test_it_is_one(self, snapshot: Snapshot) -> None:
        assert isinstance(snapshot, Mapping)
        assert dict(snapshot) == FILES == {**snapshot} == snapshot.to_files()
        assert (len(snapshot), list(snapshot)) == (5, sorted(FILES))

    def test_it_has_the_views_of_one(self, snapshot: Snapshot) -> None:
        assert isinstance(snapshot.keys(), KeysView)
        assert isinstance(snapshot.values(), ValuesView)
        assert isinstance(snapshot.items(), ItemsView)
        assert list(snapshot.keys()) == sorted(FILES)
        assert list(snapshot.values()) == [FILES[path] for path in sorted(FILES)]
        assert dict(snapshot.items()) == FILES
        assert snapshot.keys() & {"project.json", "roles.json"} == {"project.json"}

    def test_what_is_not_in_it(self, snapshot: Snapshot) -> None:
        assert "project.json" in snapshot
        for key in ("roles.json", "project", "/project.json", 3, None, b"project.json"):
            assert key not in snapshot
            assert snapshot.get(key) is None
            assert snapshot.get(key, "default") == "default"
        assert snapshot.get("project.json", "default") == FILES["project.json"]

    @pytest.mark.parametrize(
        "access",
        [
            lambda snapshot: snapshot["roles.json"],
            lambda snapshot: snapshot.raw("roles.json"),
            lambda snapshot: snapshot.content("roles.json"),
            lambda snapshot: snapshot.json("roles.json"),
        ],
    )
    def test_a_path_that_is_not_there_is_a_key_error(
        self, snapshot: Snapshot, access: Callable[[Snapshot], object]
    ) -> None:
        with pytest.raises(KeyError) as raised:
            access(snapshot)
        assert raised.value.args == ("roles.json",)

    def test_a_value_has_the_type_of_its_file(self, snapshot: Snapshot) -> None:
        types = {path: type(value) for path, value in snapshot.items()}
        assert types == {path: type(value) for path, value in FILES.items()}

    def test_a_value_is_a_new_object_each_time(self, snapshot: Snapshot) -> None:
        value = snapshot["project.json"]
        value["domain"] = "changed"
        value["list"].append("changed")
        assert snapshot["project.json"] == FILES["project.json"]

    def test_it_cannot_be_changed(self, snapshot: Snapshot) -> None:
        with pytest.raises(TypeError):
            snapshot["project.json"] = {}  # type: ignore[index]
        with pytest.raises(TypeError):
            del snapshot["project.json"]  # type: ignore[attr-defined]
        with pytest.raises(AttributeError):
            snapshot.partial = True  # type: ignore[misc]

    def test_the_source_of_the_files_is_copied(self) -> None:
        files = {"project.json": {"list": [1]}}
        snapshot = Snapshot.from_files(files)
        files["project.json"]["list"].append(2)
        assert snapshot["project.json"] == {"list": [1]}

    def test_it_is_equal_by_its_content(self, snapshot: Snapshot) -> None:
        same = Snapshot.from_files(dict(reversed(FILES.items())))
        other = Snapshot.from_files({**FILES, "project.json": {}})
        assert snapshot == same
        assert hash(snapshot) == hash(same)
        assert len({snapshot, same, other}) == 2
        assert snapshot != other
        assert snapshot != FILES
        assert snapshot is not None

    def test_its_repr_is_a_line_without_content(self, snapshot: Snapshot) -> None:
        assert repr(snapshot) == f"<Snapshot: 5 files, {snapshot.size} bytes>"

    def test_it_is_unpacked_by_a_pattern(self, snapshot: Snapshot) -> None:
        match snapshot:
            case {"project.json": {"domain": domain}}:
                assert domain == "example.com"
            case _:
                pytest.fail("a mapping pattern does not match")


class TestMaking:
    def test_files_make_the_round_trip(self, exported: Snapshot) -> None:
        assert Snapshot.from_files(exported.to_files()) == exported
        assert Snapshot.from_files(exported) == exported
        assert Snapshot.from_files(MappingProxyType(exported.to_files())) == exported

    def test_an_image_may_be_bytes_or_base64(self) -> None:
        text = Snapshot.from_files({"assets/a.png": base64.b64encode(PIXEL).decode()})
        assert text == Snapshot.from_files({"assets/a.png": PIXEL})
        assert text["assets/a.png"] == PIXEL

    def test_an_image_that_is_no_base64_is_named_when_it_is_read(self) -> None:
        snapshot = Snapshot.from_files({"assets/a.png": "not base64!"})
        with pytest.raises(SnapshotError, match=r"assets/a\.png") as raised:
            snapshot["assets/a.png"]
        assert raised.value.path == "assets/a.png"

    @pytest.mark.parametrize("value", [3, None, True, [1], 1.5])
    def test_a_value_is_an_object_or_a_string(self, value: object) -> None:
        with pytest.raises(SnapshotError, match=r"project\.json is neither a JSON object nor a string") as raised:
            Snapshot.from_files({"project.json": value})
        assert raised.value.path == "project.json"

    @pytest.mark.parametrize("value", [{1}, object(), {"a": {1}}, {"a": float("nan")}, {1: "a"}])
    def test_a_value_that_is_not_json_is_refused_with_its_place(self, value: object) -> None:
        with pytest.raises(ConfigurationError, match=r"files\[\"project\.json\"\]"):
            Snapshot.from_files({"project.json": value})

    @pytest.mark.parametrize("files", [3, None, "project.json", ["project.json"], [("project.json", {})]])
    def test_files_are_a_mapping(self, files: object) -> None:
        with pytest.raises(ConfigurationError, match="expected a mapping"):
            Snapshot.from_files(files)  # type: ignore[arg-type]

    def test_a_path_is_a_string(self) -> None:
        with pytest.raises(ConfigurationError, match="a path must be a string"):
            Snapshot.from_files({3: {}})  # type: ignore[dict-item]

    def test_an_export_s_wrapper_is_refused_with_the_way_out(self, descope_emulator: Emulator) -> None:
        with descope_emulator.client() as client:
            answer = client.request("POST", "/v1/mgmt/project/snapshot/export")
        with pytest.raises(SnapshotError, match='pass its "files"'):
            Snapshot.from_files(answer)
        assert "project.json" in Snapshot.from_files(answer["files"])

    def test_a_snapshot_without_files_is_a_part(self) -> None:
        empty = Snapshot.from_files({})
        assert (len(empty), empty.partial, list(empty), empty.to_files()) == (0, True, [], {})

    def test_numbers_keep_their_digits(self) -> None:
        value = {"big": 2**70, "exact": Decimal("0.1000000000000000055511151231257827"), "small": 1e-7, "whole": 1.0}
        snapshot = Snapshot.from_files({"project.json": value})
        assert snapshot.json("project.json", decimal=True)["exact"] == value["exact"]
        assert snapshot["project.json"]["big"] == 2**70
        assert b"0.1000000000000000055511151231257827" in snapshot.raw("project.json")

    def test_text_outside_ascii_is_kept(self) -> None:
        text = 'Grüße 👋 \u2028 \u0000 \\ " / \ud7ff'
        snapshot = Snapshot.from_files({"project.json": {"t": text, text: 1}, "a.txt": text})
        assert snapshot["project.json"] == {"t": text, text: 1}
        assert snapshot["a.txt"] == text

    def test_a_lone_surrogate_is_refused_by_its_place(self) -> None:
        with pytest.raises((DescopeError, UnicodeEncodeError)):
            Snapshot.from_files({"project.json": {"t": "\ud800"}})

    def test_a_value_that_nests_too_deeply_is_refused(self) -> None:
        deep = json.loads("[" * 150 + "]" * 150)
        with pytest.raises(SnapshotError, match=r"project\.json is nested too deeply"):
            Snapshot.from_files({"project.json": {"deep": deep}})

    def test_a_value_that_contains_itself_is_refused(self) -> None:
        value: dict[str, Any] = {}
        value["self"] = value
        with pytest.raises(ConfigurationError, match=r"nest|deep"):
            Snapshot.from_files({"project.json": value})


class TestBytes:
    def test_raw_is_what_was_received(self, exported: Snapshot) -> None:
        assert json.loads(exported.raw("project.json")) == exported["project.json"]
        assert (
            json.loads(exported.raw("assets/img-logo.svg"))
            == base64.b64encode(exported["assets/img-logo.svg"]).decode()
        )

    def test_content_is_what_is_written(self, snapshot: Snapshot, tmp_path: Path) -> None:
        snapshot.write(tmp_path / "s")
        for path in snapshot:
            assert snapshot.content(path) == (tmp_path / "s" / path).read_bytes()
        assert snapshot.content("assets/img-1.png") == PIXEL
        assert snapshot.content("assets/notice.txt") == "Grüße & <Küsse>\n".encode()
        assert snapshot.content("assets/mail.html") == b"<p>Hello</p>\n"

    def test_json_gives_decimals_on_request(self) -> None:
        snapshot = Snapshot.from_files({"project.json": {"a": 1.5, "b": 2, "c": Decimal("1E-30")}})
        assert snapshot.json("project.json") == {"a": 1.5, "b": 2, "c": 1e-30}
        decimals = snapshot.json("project.json", decimal=True)
        assert decimals == {"a": Decimal("1.5"), "b": 2, "c": Decimal("1E-30")}
        assert [type(decimals[key]) for key in "abc"] == [Decimal, int, Decimal]

    @pytest.mark.parametrize("path", ["assets/notice.txt", "assets/img-1.png"])
    def test_what_is_no_json_is_refused_as_json(self, snapshot: Snapshot, path: str) -> None:
        with pytest.raises(SnapshotError, match="JSON") as raised:
            snapshot.json(path)
        assert raised.value.path == path

    def test_size_is_that_of_the_values(self, exported: Snapshot) -> None:
        assert exported.size == sum(len(exported.raw(path)) for path in exported)


class TestDigests:
    def test_a_digest_does_not_see_key_order_and_formatting(self, tmp_path: Path, snapshot: Snapshot) -> None:
        directory = tmp_path / "s"
        snapshot.write(directory)
        turned = dict(reversed(snapshot["project.json"].items()))
        (directory / "project.json").write_text(json.dumps(turned, indent=7).replace("2.5", "25e-1"))
        assert Snapshot.read(directory).digest == snapshot.digest
        assert snapshot.digest.startswith("sha256:")
        assert len(snapshot.digest) == len("sha256:") + 64

    @pytest.mark.parametrize(
        "change",
        [
            {"project.json": {**FILES["project.json"], "rotateJwt": False}},
            {"project.json": {**FILES["project.json"], "list": [2.5, 1, "three"]}},
            {"project.json": {key: value for key, value in FILES["project.json"].items() if value is not None}},
            {"assets/notice.txt": "Grüße"},
            {"assets/img-2.svg": b"<svg />"},
            {"roles.json": {}},
        ],
    )
    def test_a_digest_sees_content(self, snapshot: Snapshot, change: dict[str, Any]) -> None:
        assert Snapshot.from_files({**FILES, **change}).digest != snapshot.digest

    def test_a_digest_sees_where_a_file_is(self) -> None:
        assert Snapshot.from_files({"a.json": {}}).digest != Snapshot.from_files({"b.json": {}}).digest

    def test_a_semantic_digest_sees_no_noise(self, exported: Snapshot) -> None:
        files = exported.to_files()
        files["flows/sign-in/metadata.json"]["componentsVersion"] = "9.9.9"
        files["styles/styles.json"]["componentsVersion"] = "9.9.9"
        files["flows/sign-in/contents.json"]["tasks"]["1"]["view"] = {"x": 1, "y": 2}
        files["flows/sign-in/contents.json"]["tasks"]["1"]["inputKeys"] = ["email"]
        files["flows/sign-in/contents.json"]["tasks"]["1"]["note"] = None
        noisy = Snapshot.from_files(files)
        assert noisy.semantic_digest == exported.semantic_digest
        assert noisy.digest != exported.digest
        assert exported.semantic_digest.startswith("n1:")

    def test_a_semantic_digest_sees_a_change(self, exported: Snapshot) -> None:
        files = exported.to_files()
        files["flows/sign-in/contents.json"]["tasks"]["1"]["name"] = "Hello"
        assert Snapshot.from_files(files).semantic_digest != exported.semantic_digest

    def test_two_exports_of_an_untouched_project_agree(self, descope_emulator: Emulator) -> None:
        with descope_emulator.client() as client:
            first, second = client.own_project.export_snapshot(), client.own_project.export_snapshot()
        assert (first.digest, first.semantic_digest) == (second.digest, second.semantic_digest)


class TestParts:
    def whole(self, exported: Snapshot, *without: str) -> Snapshot:
        return Snapshot.from_files({path: value for path, value in exported.items() if path not in without})

    def test_an_export_is_whole(self, exported: Snapshot) -> None:
        assert exported.partial is False
        assert self.whole(exported, "roles.json", "lists.json").partial is False

    @pytest.mark.parametrize(
        "path",
        [
            "project.json",
            "flows/sign-in/metadata.json",
            "flows/sign-in/contents.json",
            "flows/sign-in/screen-welcome.json",
            "connectors/backend.json",
            "styles/dark.json",
        ],
    )
    def test_what_lacks_a_file_that_its_own_index_names_is_a_part(self, exported: Snapshot, path: str) -> None:
        part = self.whole(exported, path)
        assert part.partial
        assert "part" in repr(part)

    def test_being_a_part_survives_a_disk(self, exported: Snapshot, tmp_path: Path) -> None:
        part = self.whole(exported, "project.json")
        part.write(tmp_path / "part")
        part.write(tmp_path / "part.zip")
        assert Snapshot.read(tmp_path / "part").partial
        assert Snapshot.read(tmp_path / "part.zip").partial
