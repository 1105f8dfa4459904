"""What `make bench` and its companions conclude from what they measure, and the snapshots that they measure with."""
# ruff: noqa: ANN401 -- the modules of the benches are found by their names

from __future__ import annotations

import json
import socket
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from descope_projects import Snapshot

if TYPE_CHECKING:
    from types import ModuleType

BENCHES = Path(__file__).parents[1] / "benches"


@pytest.fixture(scope="module")
def bench() -> Any:
    """The modules of the benches, by name."""

    class Modules:
        def __getattr__(self, name: str) -> ModuleType:
            return __import__(name)

    sys.path.insert(0, str(BENCHES))
    yield Modules()
    sys.path.remove(str(BENCHES))


def files(body: bytes) -> dict[str, Any]:
    return dict(json.loads(body)["files"])


def changed(one: bytes, other: bytes) -> set[str]:
    before, after = files(one), files(other)
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


# Snapshots.


def test_a_made_snapshot_has_the_size_that_was_asked_for_and_is_the_same_each_time(bench: Any) -> None:
    body = bench.snapshots.export(2)
    assert body == bench.snapshots.export(2)
    assert 2_000_000 <= len(body) < 2_100_000
    assert 1_990 <= len(files(bench.snapshots.of_files(2_000))) <= 2_000
    assert not Snapshot.from_files(files(body)).partial


def test_a_changed_copy_differs_in_a_share_of_its_files(bench: Any) -> None:
    body = bench.snapshots.export(2)
    copy = bench.mutations.mutated(body, share=0.1)
    assert copy == bench.mutations.mutated(body, share=0.1)
    assert len(changed(body, copy)) == round(len(files(body)) * 0.1)
    assert changed(body, bench.mutations.mutated(body, share=0)) == set()


def test_a_copy_with_other_stamps_and_screen_names_means_the_same(bench: Any) -> None:
    body = bench.snapshots.export(1)
    copy = bench.mutations.mutated(body, share=0, rename_screens=5, restamp=True)
    renamed = files(copy).keys() - files(body).keys()
    assert len(renamed) == 5
    assert all("/screen-" in path for path in renamed)
    assert changed(body, copy) > renamed
    one, other = Snapshot.from_files(files(body)), Snapshot.from_files(files(copy))
    assert one.digest != other.digest
    assert one.semantic_digest == other.semantic_digest


def test_ids_are_made_anew_wherever_they_are(bench: Any) -> None:
    body = bench.snapshots.export(1)
    copy = files(bench.mutations.mutated(body, share=0, remake_ids=True))
    ids = {path: value["id"] for path, value in copy.items() if path.startswith("connectors/http-")}
    assert not set(ids.values()) & {value.get("id") for value in files(body).values() if isinstance(value, dict)}
    flow = next(path for path in copy if path.endswith("/contents.json"))
    (used,) = [
        task["arguments"]["connectorId"]["value"] for task in copy[flow]["tasks"].values() if "arguments" in task
    ]
    assert used in ids.values()
    named = copy[flow.replace("contents.json", "metadata.json")]["references"]["connectors"]
    assert list(named.values()) == [used]


def test_a_written_snapshot_is_read_as_what_it_was(bench: Any, tmp_path: Path) -> None:
    body = bench.snapshots.export(1)
    bench.mutations.write(body, tmp_path)
    assert Snapshot.read(tmp_path).digest == Snapshot.from_files(files(body)).digest


# What is concluded.


def result(ours: list[float], raw: list[float]) -> dict[str, Any]:
    figures = {
        name: {"seconds": {"rounds": rounds}} for name, rounds in (("descope-projects", ours), ("raw socket", raw))
    }
    return {"bodies": {"1 MB": 1_000_000}, "figures": {"small": figures}, "failures": []}


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ([1.0, 1.1, 1.1, 1.12], "met"),
        ([1.3, 1.3, 1.4, 1.5], "MISSED"),
        ([1.0, 1.1, 1.1, 1.4], "met, within the spread"),
        ([1.0, 1.1, 1.3, 1.4], "MISSED, within the spread"),
    ],
)
def test_a_verdict_is_of_the_median_and_says_when_the_spread_doubts_it(
    bench: Any, ours: list[float], verdict: str
) -> None:
    rows = {row.what: row.verdict for row in bench.targets.judge(result(ours, [1.0] * 4))}
    assert rows["sync small call, against a raw socket"] == verdict


def test_a_figure_is_the_median_of_the_ratios_of_the_rounds(bench: Any) -> None:
    # The medians of both sides are 3 and 2; but no round was so.
    rows = {row.what: row.figure for row in bench.targets.judge(result([1.0, 3.0, 5.0], [1.0, 2.0, 10.0]))}
    assert rows["sync small call, against a raw socket"] == "1.00 ×"


def test_a_row_without_its_peer_is_open_and_no_row_of_an_unmeasured_case_is_shown(bench: Any) -> None:
    rows = {row.what: row.verdict for row in bench.targets.judge(result([1.0] * 4, [1.0] * 4))}
    assert rows["sync small call, against the official SDK"] == "open: no figure of descope"
    assert not any("flight" in what for what in rows)


def test_a_path_that_grew_by_more_than_three_percent_is_told(bench: Any) -> None:
    compare = bench.instructions.compare
    lines, grown = compare({"request": 1_029, "digest": 960}, {"request": 1_000, "digest": 1_000})
    assert not grown
    assert lines[1].endswith("shrank: make bench-baseline")
    lines, grown = compare({"request": 1_031, "digest": 1_000}, {"request": 1_000, "digest": 1_000})
    assert grown
    assert lines[0].endswith("GREW")


@pytest.mark.parametrize(("exponent", "judged"), [(0.9, "linear or better"), (1.0, "linear or better"), (1.5, "WORSE")])
def test_a_curve_says_how_it_grows(bench: Any, exponent: float, judged: str) -> None:
    points = {float(n): [n**exponent] * 3 for n in (1, 2, 4, 8, 16)}
    said = bench.scale.sentence("write", "files", points)
    assert f"n^{exponent:.2f}" in said
    assert judged in said


def packet(source: int, target: int, flags: int, payload: bytes = b"") -> bytes:
    """IPv4 and TCP, as far as the wire looks."""
    near, far = socket.inet_aton("10.9.0.1"), socket.inet_aton("10.9.0.2")
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 1, 0, 64, socket.IPPROTO_TCP, 0, near, far)
    return head + struct.pack(">HHIIBBHHH", source, target, 1, 1, 5 << 4, flags, 1000, 0, 0) + payload


def test_the_wire_counts_how_often_a_client_may_have_waited(bench: Any) -> None:
    syn, acknowledged, pushed = 0x02, 0x10, 0x18
    flights = bench.wire.Flights()
    for sent in (
        packet(50000, 80, syn),
        packet(80, 50000, syn | acknowledged),
        packet(50000, 80, acknowledged),
        # A request in two packets is one flight, and so is one that was lost and is sent again.
        packet(50000, 80, pushed, b"POST"),
        packet(50000, 80, pushed, b"{}"),
        packet(50000, 80, pushed, b"{}"),
        packet(80, 50000, pushed, b"HTTP/1.1 200 OK"),
        packet(50000, 80, acknowledged),
    ):
        flights.see(sent)
    assert flights.taken == 2
    flights.see(packet(50000, 80, pushed, b"POST"))
    assert flights.taken == 3


def test_the_wire_sends_a_packet_back_to_where_it_came_from(bench: Any) -> None:
    sent = packet(50000, 80, 0x02)
    turned = bench.wire.turned(sent)
    assert (turned[12:16], turned[16:20]) == (sent[16:20], sent[12:16])
    assert bench.wire.turned(turned) == sent


def test_charts_are_pictures_of_every_line(bench: Any) -> None:
    bars = [bench.chart.Bar("one <&>", 10, 9, 12), bench.chart.Bar("descope-projects", 1000, 900, 1100)]
    texts = [text.text for text in ET.fromstring(bench.chart.bar_chart([("µs", bars)])).iter() if text.text]  # noqa: S314 -- drawn a moment ago
    assert {"µs (logarithmic, with quartiles)", "one <&>", "descope-projects"} <= set(texts)
    curves = [bench.chart.Curve(name, [(1, 0.01), (1000, 2)]) for name in ("read", "write")]
    texts = [text.text for text in ET.fromstring(bench.chart.curve_chart("t", "x", "y", curves)).iter() if text.text]  # noqa: S314 -- the same
    assert {"t", "x", "y", "read", "write"} <= set(texts)


def test_the_page_is_written_anew_between_its_marks_and_keeps_the_prose(bench: Any) -> None:
    page = bench.report.page
    first = page(None, {"table": "| 1 |", "machine": "2 processors"})
    assert "| 1 |" in first
    assert "Not measured yet." in first
    edited = first.replace("## Beside others", "Somebody's words, with a \\1 in them.\n\n## Beside others")
    second = page(edited, {"table": "| 2 \\g<0> |"})
    assert second == edited.replace("| 1 |", "| 2 \\g<0> |")
    with pytest.raises(SystemExit, match="no marks around table"):
        page("Only words.", {"table": "| 3 |"})
