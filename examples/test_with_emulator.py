"""Tests of one's own scripts need no account: pytest finds the fixture where the package is installed.

Run it with `pytest examples/test_with_emulator.py`.
"""
# ruff: noqa: S101 -- assert is how pytest asserts

import pytest

from descope_projects import Client, Emulator, UnknownOutcome


def make_preview(client: Client, branch: str) -> str:
    """The script that is tested: a preview of the client's own project."""
    clone = client.own_project.clone(name=f"preview-{branch}", tags=["preview"])
    return clone.project.id


def test_a_preview_is_made(descope_emulator: Emulator) -> None:
    """The fixture is a fresh emulator for each test."""
    with descope_emulator.client() as client:
        made = make_preview(client, "login")
        assert [project.name for project in client.list_projects() if project.id == made] == ["preview-login"]


@pytest.mark.descope_emulator(seed="acme")
def test_a_lost_answer_is_found_again(descope_emulator: Emulator) -> None:
    """The clone was made and its answer got lost: the list shows which one it is."""
    descope_emulator.fail("clone", action="drop_after")
    with descope_emulator.client() as client:
        made = make_preview(client, "login")
        assert made in [project.id for project in client.list_projects()]
    assert descope_emulator.executions("clone") == 1


def test_a_clone_is_never_repeated_blindly(descope_emulator: Emulator) -> None:
    """Nobody knows whether it was made, so it is not made again."""
    descope_emulator.fail("clone", action="drop_before")
    with descope_emulator.client() as client, pytest.raises(UnknownOutcome):
        client.own_project.clone({"name": "preview-login", "settle": False})
    assert descope_emulator.executions("clone") == 0
