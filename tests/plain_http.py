"""Requests to an emulator as any program may make them, without a client of this package."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from descope_projects import Emulator


def http(
    emulator: Emulator, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, str], Any]:
    """A request as curl makes it: status, headers in lower case, and the body's JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(emulator.url + path, data, method=method)  # noqa: S310 -- the emulator's
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        answer = urllib.request.urlopen(request)  # noqa: S310 -- the same
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        text = answer.read()
        found = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, found, json.loads(text) if text else None


def bearer(emulator: Emulator, project_id: str | None = None, key: str | None = None) -> str:
    return f"Bearer {project_id or emulator.project_id}:{key or emulator.management_key}"
