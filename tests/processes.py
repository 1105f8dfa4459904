"""Scripts that run in an interpreter of their own, against a server of the test."""
# ruff: noqa: ANN401 -- JSON is anything

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from typing import Any

from scripted_server import FILES, PATIENCE, ScriptedServer

BEGIN = f"""
import asyncio, json, logging, os, signal, sys, threading
from descope_projects import AsyncClient, Client

signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell may have switched it off.
OPTIONS = json.loads(sys.argv[1])
FILES = {FILES!r}


class Keep(logging.Handler):
    records = []

    def emit(self, record):
        self.records.append(record.levelname)


logging.getLogger("descope_projects").addHandler(Keep())


def told(error):
    names = ("operation", "project_id", "attempts", "written", "exit_status")
    return error and {{"class": type(error).__name__, **{{name: getattr(error, name) for name in names}}}}


def tell(**what):
    print(json.dumps(what), flush=True)


"""


class Process:
    """A script that runs in an interpreter of its own."""

    def __init__(self, script: str, server: ScriptedServer, **options: Any) -> None:
        retry = {"initial_backoff": 0, "max_backoff": 0}
        defaults = {"base_url": server.url, "license_handshake": False, "retry": retry}
        arguments = [sys.executable, "-c", BEGIN + textwrap.dedent(script), json.dumps({**defaults, **options})]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(arguments, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def line(self) -> Any:
        """The next thing that the script tells."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline() or "null")

    def end(self, say: str | None = None) -> list[Any]:
        """Waits for the end, which must be a good one; what the script told."""
        out, err = self.process.communicate(say, PATIENCE)
        assert self.process.returncode == 0, err
        assert "panicked" not in err
        return [json.loads(line) for line in out.splitlines()]
