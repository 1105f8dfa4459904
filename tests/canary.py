"""Values that must be seen nowhere but on the wire, in every form that something may have given them.

`Canary` makes the forms, `absent` looks for them in texts, and `said_by` and `read_off` collect these: all that can be
read off an exception, and off an object.
"""
# ruff: noqa: ANN401 -- anything may be looked at

from __future__ import annotations

import base64
import copy
import html
import json
import pickle
import traceback
import urllib.parse
import zipfile
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

TESTS = Path(__file__).parent
SHORTEST = 8
"""Letters of a form below which ordinary text might match."""


def _base64(value: bytes) -> Iterator[tuple[str, str]]:
    """The letters that the value alone decides, behind 0, 1 and 2 other bytes."""
    for before in range(3):
        first, last = -(-before * 4 // 3), (before + len(value)) * 8 // 6
        for name, encode in (("base64", base64.b64encode), ("url-safe base64", base64.urlsafe_b64encode)):
            yield f"{name} behind {before}", encode(b"x" * before + value).decode()[first:last]


def _units(value: str) -> Iterator[int]:
    encoded = value.encode("utf-16-be")
    return (int.from_bytes(encoded[at : at + 2], "big") for at in range(0, len(encoded), 2))


class Canary:
    """One secret value."""

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.value = value
        self.octets = {form: text.encode() for form, text in self.forms().items() if len(text) >= SHORTEST}

    def __repr__(self) -> str:
        return f"Canary({self.name!r})"

    def forms(self) -> dict[str, str]:
        """What something may have made of it, by how."""
        value, octets = self.value, self.value.encode()
        quoted = json.dumps(value)[1:-1]
        return {
            "plain": value,
            "repr": repr(value)[1:-1],
            "JSON": quoted,
            "JSON with its slashes escaped": quoted.replace("/", "\\/"),
            "JSON in JSON": json.dumps(quoted)[1:-1],
            "JSON, all escaped": "".join(f"\\u{unit:04x}" for unit in _units(value)),
            "JSON, all escaped in capitals": "".join(f"\\u{unit:04X}" for unit in _units(value)),
            "URL": urllib.parse.quote(value, safe=""),
            "URL in small letters": urllib.parse.quote(value, safe="").lower(),
            "URL, all escaped": "".join(f"%{octet:02X}" for octet in octets),
            "URL, all escaped in small letters": "".join(f"%{octet:02x}" for octet in octets),
            "HTML": html.escape(value),
            "HTML, all escaped": "".join(f"&#{ord(character)};" for character in value),
            "hexadecimal": octets.hex(),
            "hexadecimal in capitals": octets.hex().upper(),
            "small letters": value.lower(),
            **dict(_base64(octets)),
        }


def found(canaries: Iterable[Canary], text: str | bytes) -> list[tuple[str, str]]:
    """The canaries that are in it, and in which form."""
    octets = text.encode(errors="surrogateescape") if isinstance(text, str) else text
    return [(canary.name, form) for canary in canaries for form, written in canary.octets.items() if written in octets]


def absent(canaries: Iterable[Canary], texts: Iterable[str | bytes]) -> int:
    """Looks for each canary in each text; how many texts there were."""
    known, everything = (
        list(canaries),
        [text.encode(errors="surrogateescape") if isinstance(text, str) else text for text in texts],
    )
    if found(known, b"\0".join(everything)):
        seen = {text: found(known, text) for text in everything}
        assert {text: where for text, where in seen.items() if where} == {}
    return len(everything)


def echo(canaries: Iterable[Canary]) -> str:
    """What a server would say that repeats all of it, in every form."""
    return " ".join(form for canary in canaries for form in canary.forms().values())


def ended(attempt: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What it returned, or raised."""
    try:
        return attempt(), None
    except Exception as error:  # noqa: BLE001 -- whatever it is, what it says is looked at
        return None, error


def _shown(show: Callable[[], Any]) -> Iterator[str | bytes]:
    value, error = ended(show)
    if error is not None:
        yield f"{error!r} {error}"
    else:
        yield value if isinstance(value, bytes) else repr(value)


def read_off(value: Any, without: Iterable[str] = ()) -> Iterator[str | bytes]:
    """Everything that a debugger, a notebook or a log can show of an object; `without` are attributes that hold it."""
    ours = isinstance(value, BaseException) or type(value).__module__.startswith("descope_projects")
    for show in (repr, str, format, vars, *((pickle.dumps, copy.copy, copy.deepcopy) if ours else ())):
        yield from _shown(partial(show, value))
    for name in dir(value):
        if name.startswith("__") or name in without:
            continue
        yield name
        yield from _shown(partial(getattr, value, name))
        if name in {"_repr_html_", "to_dict"}:
            yield from _shown(partial(_call, value, name))


def _call(value: Any, name: str) -> Any:
    return getattr(value, name)()


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def said_by(error: BaseException) -> Iterator[str | bytes]:
    """Everything that can be read off an exception and its causes, with the locals of all frames but a test's."""
    chain: list[BaseException] = []
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and one not in chain:
            chain.append(one)
            left += [one.__cause__, one.__context__]
    for one in chain:
        yield from (str(one), repr(one), repr(vars(one)), repr(one.args), repr(getattr(one, "__notes__", None)))
        yield from traceback.format_exception_only(type(one), one)
        yield from read_off(one, without=("with_traceback", "add_note"))
        for place in _frames(one.__traceback__):
            if Path(place.tb_frame.f_code.co_filename).parent == TESTS:
                continue  # Who tests knows what is secret, and has it in his hands.
            alone = TracebackType(None, place.tb_frame, place.tb_lasti, place.tb_lineno)
            yield "".join(traceback.TracebackException(type(one), one, alone, capture_locals=True).format(chain=False))
            for local in place.tb_frame.f_locals.values():
                yield from read_off(local)


def contents(directory: Path) -> Iterator[bytes]:
    """Names and contents of all files below, and of all members of archives."""
    for path in sorted(directory.rglob("*")):
        yield str(path.relative_to(directory)).encode()
        if path.is_file():
            yield path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from (archive.read(member) for member in archive.namelist())


def records(logged: Iterable[Any]) -> Iterator[str]:
    """Everything that a handler could write of log records."""
    for record in logged:
        fields: Mapping[str, Any] = vars(record)
        yield f"{record.getMessage()} {fields!r}"
