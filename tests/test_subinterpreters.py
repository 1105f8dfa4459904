"""The package in a subinterpreter: refused with a sentence, and the main interpreter goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

MODULE = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
pytestmark = pytest.mark.skipif(find_spec(MODULE) is None, reason="this Python makes no subinterpreters")

SCRIPT = f"""
import json, sys
import {MODULE} as interpreters

first, kind = sys.argv[1:]
told = []


def use():
    from descope_projects import ConfigurationError, Client, Emulator
    with Emulator() as emulator, emulator.client() as client:
        told.append(len(client.list_projects()))
    try:
        Client("", "")
    except ConfigurationError as error:
        told.append(type(error).__name__)


def create():
    if sys.version_info >= (3, 13):
        return interpreters.create(kind)
    return interpreters.create(isolated=kind == "isolated")


if first == "main":
    use()
for number in (create(), create()):
    code = '''if True:
        try:
            import descope_projects
        except ImportError as refused:
            print(str(refused), flush=True)
        else:
            print("imported", flush=True)
    '''
    interpreters.run_string(number, code)
    interpreters.destroy(number)
use()
print(json.dumps(told))
"""
OURS = "descope_projects cannot be used in a subinterpreter: use it in the main interpreter"
PYTHONS = "module descope_projects._native does not support loading in subinterpreters"


@pytest.mark.parametrize("kind", ["legacy", "isolated"])
@pytest.mark.parametrize("first", ["main", "subinterpreter"])
def test_a_subinterpreter_is_refused_and_the_main_interpreter_goes_on(first: str, kind: str) -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT, first, kind], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    *refused, told = ran.stdout.splitlines()
    own_gil = kind == "isolated" and sys.version_info >= (3, 12)
    assert [message.startswith(PYTHONS if own_gil else OURS) for message in refused] == [True, True], refused
    assert json.loads(told) == [1, "ConfigurationError"] * (2 if first == "main" else 1)
