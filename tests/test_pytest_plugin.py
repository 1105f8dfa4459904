"""The fixture that the package brings to pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from descope_projects import RateLimited

if TYPE_CHECKING:
    from descope_projects import Emulator


@pytest.mark.parametrize("_time", [1, 2])
def test_each_test_has_an_emulator_of_its_own(descope_emulator: Emulator, _time: int) -> None:
    with descope_emulator.client() as client:
        assert "made here" not in [project.name for project in client.list_projects()]
        client.own_project.clone(name="made here")


@pytest.mark.descope_emulator(rate_limit={"requests": 1, "per": 60})
def test_the_marker_passes_options(descope_emulator: Emulator) -> None:
    options = {"retry": {"max_attempts": 1}, "license_handshake": False}
    with descope_emulator.client(options) as client:
        client.list_projects()
        with pytest.raises(RateLimited):
            client.list_projects()
