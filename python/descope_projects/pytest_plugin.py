"""The pytest plugin: the fixture `descope_emulator`.

It is found by pytest wherever this package is installed. The emulator of a test is its own, and is gone after it.

    @pytest.mark.descope_emulator(seed="acme")
    def test_promotion(descope_emulator):
        with descope_emulator.client() as client:
            ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from descope_projects._native import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line(
        "markers", "descope_emulator(**options): the EmulatorOptions of this test's descope_emulator fixture"
    )


@pytest.fixture
def descope_emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """A fresh emulator of the Descope API for one test; its options come from the marker of the same name."""
    marker = request.node.get_closest_marker("descope_emulator")
    with Emulator(*marker.args, **marker.kwargs) if marker else Emulator() as emulator:
        yield emulator
