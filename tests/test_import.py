"""What `import descope_projects` does, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys

import pytest

import descope_projects

IMPORTED = """
import os, sys  # `site` loads os, and what os loads, in every interpreter that runs without -S
before = set(sys.modules)
import descope_projects
after = set(sys.modules) - before
print(*sorted(name for name in after if not name.startswith("descope_projects")))
print(*sorted(name for name in after if name.startswith("descope_projects")))
import threading
print(threading.active_count())
"""


def test_the_import_loads_the_extension_and_starts_no_thread() -> None:
    # `-S`: a venv's .pth files import what they like.
    paths = [path for path in sys.path if path]
    program = f"import sys; sys.path[:0] = {paths!r}\n{IMPORTED}"
    output = subprocess.run([sys.executable, "-S", "-c", program], check=True, capture_output=True, text=True).stdout
    others, ours, threads = output.splitlines()
    assert others == ""
    assert ours.split() == ["descope_projects", "descope_projects._native"]
    assert threads == "1"


@pytest.mark.parametrize("name", descope_projects.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(descope_projects, name) is not None
    assert name in dir(descope_projects)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Cleint"):
        descope_projects.Cleint  # noqa: B018 -- the access is what is tested


def test_errors_and_options_can_be_reached_through_the_package() -> None:
    program = "import descope_projects as d; d.errors.ApiError, d.options.Seconds, d.TransportError"
    subprocess.run([sys.executable, "-c", program], check=True)
