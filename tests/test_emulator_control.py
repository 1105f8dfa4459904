"""What tests control the emulator with: from Python and over HTTP it is the same."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from descope_projects import ConfigurationError, Emulator
from plain_http import bearer, http

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER_COMPANY: dict[str, Any] = {
    "companies": [
        {"name": name, "keys": [{"key": f"K2{name}"}], "projects": [{"id": f"P2{name}", "name": name, "files": FILES}]}
        for FILES in [{"project.json": {}}]
        for name in ("first", "second")
    ]
}

ONLY_IN_PYTHON = {
    "client": "makes an object of this package",
    "async_client": "makes an object of this package",
    "restored": "the command line says it when it starts",
    "stop": "a process is ended by a signal",
}


def test_python_and_http_offer_the_same(emulator: Emulator) -> None:
    routes = http(emulator, "GET", "/_emulator")[2]["routes"]
    assert [route["python"] for route in routes if not route["python"]] == [[]], "only the list has nothing in Python"
    named = [name for route in routes for name in route["python"]]
    public = {name for name in dir(Emulator) if not name.startswith("_")}
    assert len(named) == len(set(named))
    assert set(named) | set(ONLY_IN_PYTHON) == public
    assert set(named).isdisjoint(ONLY_IN_PYTHON)


@pytest.mark.descope_emulator(seed=OTHER_COMPANY)
def test_files_are_the_same_both_ways(emulator: Emulator) -> None:
    path = "/_emulator/projects/P2second/files"
    emulator.put_file("P2second", "notes.txt", "text")
    emulator.put_file("P2second", "roles.json", {"roles": [], "weight": 1.5, "none": None})
    files = emulator.files("P2second")
    assert files == http(emulator, "GET", path)[2]["files"]
    assert files["notes.txt"] == "text"
    assert list(files["roles.json"]) == ["roles", "weight", "none"]
    assert http(emulator, "PUT", f"{path}/more/a.json", {})[0] == 200
    emulator.remove_file("P2second", "more")
    emulator.remove_file("P2second", "notes.txt")
    assert set(emulator.files("P2second")) == {"project.json", "roles.json"}
    assert set(emulator.files("P2first")) == {"project.json"}


def test_faults_executions_and_records_are_the_same_both_ways(emulator: Emulator) -> None:
    first = emulator.fail("license", status=500)
    second = http(emulator, "POST", "/_emulator/faults", {"operation": "clone", "action": "hold"})[2]["id"]
    faults = emulator.faults()
    assert [fault["id"] for fault in faults] == [first, second]
    assert faults == http(emulator, "GET", "/_emulator/faults")[2]["faults"]
    emulator.release(second)
    assert emulator.wait_until_held(second, 0.001) is False
    assert http(emulator, "POST", f"/_emulator/faults/{second}/wait", {"seconds": 0})[2] == {"held": False}
    emulator.clear_faults()
    assert emulator.faults() == []
    http(emulator, "GET", "/v1/mgmt/license", Authorization=bearer(emulator))
    assert emulator.executions() == {"license": 1} == http(emulator, "GET", "/_emulator/executions")[2]["executions"]
    assert emulator.executions("clone") == 0
    requests = http(emulator, "GET", "/_emulator/requests")[2]
    assert requests["requests"] == emulator.requests()
    assert requests["connections_accepted"] == emulator.connections_accepted
    emulator.clear_records()
    assert (emulator.requests(), emulator.executions()) == ([], {})


def test_curl_waits_for_what_python_holds(emulator: Emulator) -> None:
    fault = emulator.fail("license", action="hold")
    answers: list[Any] = []

    def ask() -> None:
        answers.append(http(emulator, "GET", "/v1/mgmt/license", Authorization=bearer(emulator))[0])

    thread = threading.Thread(target=ask)
    thread.start()
    assert http(emulator, "POST", f"/_emulator/faults/{fault}/wait", {"seconds": 30})[2] == {"held": True}
    assert answers == []
    assert http(emulator, "POST", f"/_emulator/faults/{fault}/release")[0] == 200
    thread.join()
    assert answers == [200]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda emulator: emulator.files("P2nowhere"), 'there is no project "P2nowhere"'),
        (lambda emulator: emulator.files("P2emulator00000000000000001"), "did you mean"),
        (lambda emulator: emulator.put_file("P2nowhere", "a.json", {}), "there is no project"),
        (lambda emulator: emulator.put_file(emulator.project_id, "../a.json", {}), "is not a relative path"),
        (lambda emulator: emulator.put_file(emulator.project_id, "a.json", []), "a.json is not a JSON object"),
        (lambda emulator: emulator.put_file(emulator.project_id, "a.png", "*"), "is not a base64 string"),
        (lambda emulator: emulator.put_file(emulator.project_id, "a.json", {"x": {1}}), 'value["x"]'),
        (lambda emulator: emulator.put_file(emulator.project_id, "a.json", {"x": float("nan")}), "NaN"),
        (lambda emulator: emulator.remove_file(emulator.project_id, "nothing.json"), "there is no file"),
        (lambda emulator: emulator.remove_file(emulator.project_id, "project.json"), "cannot be removed"),
        (lambda emulator: emulator.executions("clon"), 'did you mean "clone"'),
    ],
)
def test_what_is_wrong_is_explained(emulator: Emulator, wrong: Callable[[Emulator], Any], text: str) -> None:
    before = emulator.files(emulator.project_id)
    with pytest.raises(ConfigurationError) as raised:
        wrong(emulator)
    assert text in str(raised.value)
    assert emulator.files(emulator.project_id) == before


def test_a_stopped_one_has_nothing_to_say(emulator: Emulator) -> None:
    emulator.stop()
    for ask in (emulator.faults, emulator.executions, emulator.clear_records, emulator.reset):
        with pytest.raises(ConfigurationError, match="the emulator is stopped"):
            ask()
