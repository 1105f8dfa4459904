"""Headers of the user's own: what may be a credential in them is shown neither whole nor in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from descope_projects.errors import DescopeError, ProtocolError
from scripted_server import ScriptedServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    Connect = Callable[..., Any]
    Invoke = Callable[[Any], Any]

VALUE = "Basic canaryOfTheHeader second-canary"
HEADERS = {"X-Gateway-Token": VALUE, "X-Team": "platform engineering"}


@pytest.mark.parametrize("name", ["X-Auth", "x-TOKEN", "Api-Key", "X-Secret-2", "Cookie", "X-Password"])
def test_a_value_that_may_be_a_credential_is_not_repeated(
    name: str, connect: Connect, invoke: Invoke, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "descope_projects")
    for shown in (VALUE, *VALUE.split()[1:]):
        server.script("list_projects", answer(400, {"errorCode": "E1", "errorMessage": f"who is <{shown}>?"}))
        with pytest.raises(DescopeError) as caught:
            invoke(connect(headers={name: VALUE}).list_projects())
        assert server.requests[-1].headers[name.lower()] == VALUE
        text = f"{caught.value} {caught.value!r} {caught.value.__dict__} {caplog.text}"
        assert "canary" not in text
        assert "who is <[secret]>?" in str(caught.value)


def test_a_preview_and_a_location_hide_it_too(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    part = VALUE.split()[1]
    server.script("list_projects", answer(200, f"<p>{part}</p>"), answer(302, None, {"Location": f"/?t={part}"}))
    for _ in range(2):
        with pytest.raises(ProtocolError) as caught:
            invoke(connect(headers=HEADERS).list_projects())
        assert "[secret]" in (caught.value.preview or "")
        assert "canary" not in f"{caught.value} {caught.value.preview}"


def test_a_value_that_is_no_credential_may_be_read(connect: Connect, invoke: Invoke, server: ScriptedServer) -> None:
    server.always("list_projects", answer(400, {"errorMessage": "no such team: platform engineering"}))
    with pytest.raises(DescopeError, match="platform engineering"):
        invoke(connect(headers=HEADERS).list_projects())
