"""Makes realistic snapshots of any size: the same bytes for the same size, on every machine.

    python benches/snapshots.py 44 > export.json

Shaped like a real export: flows of a start task, screens and connectors; screens as trees of nodes; connectors with
placeholders for secrets; roles, styles, assets. References between files hold.
"""

from __future__ import annotations

import base64
import json
import random
import sys
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1_000_000
_WORDS = [
    "sign",
    "in",
    "welcome",
    "back",
    "continue",
    "with",
    "your",
    "email",
    "phone",
    "verify",
    "code",
    "password",
    "passkey",
    "invite",
    "tenant",
    "account",
    "admin",
    "member",
    "customer",
    "support",
    "billing",
    "security",
    "device",
    "session",
    "magic",
    "link",
    "consent",
    "terms",
    "privacy",
    "enter",
    "again",
    "resend",
]
_COMPONENTS = ("Container", "Text", "Button", "Input", "Link", "Divider", "Image", "Checkbox", "Passcode", "Logo")
_SCREENS_PER_FLOW = 5
_NODES_PER_SCREEN = 37
_STYLE_SETS = 3
# Screens, contents and metadata.
_FILES_PER_FLOW = _SCREENS_PER_FLOW + 2


def export(megabytes: float) -> bytes:
    """The body of an export: `{"files": …}` of about this many megabytes."""
    chance = random.Random(f"descope-projects {megabytes}")  # noqa: S311 -- the same bytes each time are the point
    files = _base(chance, connectors=max(3, round(megabytes * 2)), assets=max(2, round(megabytes * 3)))
    size, wanted = len(encoded({"files": files})), megabytes * MEGABYTE
    return _with_flows(files, chance, _NODES_PER_SCREEN, lambda added: size + added < wanted)


def of_files(count: int) -> bytes:
    """The body of an export of about this many files, which are small: some hundred bytes each."""
    chance = random.Random(f"descope-projects {count} files")  # noqa: S311 -- the same
    files = _base(chance, connectors=3, assets=2)
    return _with_flows(files, chance, 1, lambda _: len(files) < count - _FILES_PER_FLOW)


def _base(chance: random.Random, *, connectors: int, assets: int) -> dict[str, object]:
    """Everything but the flows."""
    files: dict[str, object] = {"snapshot.json": {"version": 5}, "project.json": _project()}
    files.update(_access(chance))
    files.update(_connectors(chance, count=connectors))
    files.update(_styles(chance))
    files.update(_assets(chance, count=assets))
    return files


def _with_flows(files: dict[str, object], chance: random.Random, nodes: int, wanted: Callable[[int], bool]) -> bytes:
    """The body, with flows added as long as more bytes, or files, are wanted."""
    usable = [value for path, value in files.items() if path.startswith("connectors/http-")]
    flows: list[str] = []
    added = 0
    while wanted(added):
        flow_id = f"{chance.choice(_WORDS)}-{chance.choice(_WORDS)}-{len(flows)}"
        flow = _flow(chance, flow_id, cast("dict[str, object]", chance.choice(usable)), nodes)
        files.update(flow)
        flows.append(flow_id)
        added += len(encoded(flow))
    files["flows/flows.json"] = {"flows": flows}
    return encoded({"files": dict(sorted(files.items()))})


def encoded(value: object) -> bytes:
    """JSON as the API writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize()


def _identifier(chance: random.Random, prefix: str) -> str:
    return prefix + "".join(chance.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz", k=25))


def _project() -> dict[str, object]:
    return {
        "appUrl": "https://app.example.com",
        "customDomain": "auth.app.example.com",
        "domain": "app.example.com",
        "trustedDomains": "app.example.com,admin.example.com",
        "tokenResponseMethod": "onBody",
        "cookiePolicy": "lax",
        "rotateJwt": True,
        "sessionTokenExpiration": 10,
        "refreshTokenExpiration": 4,
        "enableInactivity": False,
    }


def _access(chance: random.Random) -> dict[str, object]:
    permissions = [{"name": f"{verb} {noun}", "description": ""} for verb in ("Read", "Write") for noun in _WORDS[:12]]
    for permission in permissions:
        permission["id"] = _identifier(chance, "PR")
    roles = [
        {"id": _identifier(chance, "RO"), "name": noun, "permissions": [f"Read {noun}", f"Write {noun}"]}
        for noun in _WORDS[:12]
    ]
    return {"permissions.json": {"permissions": permissions}, "roles.json": {"roles": roles}}


def _connectors(chance: random.Random, count: int) -> dict[str, dict[str, object]]:
    made: dict[str, dict[str, object]] = {}
    for number in range(count):
        slug = f"http-{number}"
        made[f"connectors/{slug}.json"] = {
            "id": _identifier(chance, "CI"),
            "type": "http",
            "name": f"HTTP {number}",
            "description": _text(chance, 8),
            "configuration": {"baseUrl": f"https://hooks-{number}.example.com", "bearerToken": "PLACEHOLDER_VALUE"},
        }
    slugs = [path.removeprefix("connectors/").removesuffix(".json") for path in made]
    made["connectors/connectors.json"] = {"connectors": slugs}
    return made


def _styles(chance: random.Random) -> dict[str, object]:
    names = ["dark", "light"]
    names += [f"theme{number}-{mode}" for number in range(_STYLE_SETS) for mode in ("dark", "light")]
    colour = lambda: f"#{chance.randrange(1 << 24):06x}"  # noqa: E731 -- one expression, used twice
    made: dict[str, object] = {
        f"styles/{name}.json": {"globals": {word: colour() for word in _WORDS}, "components": {"button": colour()}}
        for name in names
    }
    made["styles/styles.json"] = {"componentsVersion": "3.4.1", "styles": names}
    return made


def _assets(chance: random.Random, count: int) -> dict[str, object]:
    images = {}
    for _ in range(count):
        pixels = chance.randbytes(chance.randrange(2_000, 30_000))
        images[f"assets/img-{chance.getrandbits(64):016x}.png"] = base64.b64encode(
            b"\x89PNG\r\n\x1a\n" + pixels
        ).decode()
    made: dict[str, object] = dict(images)
    made["assets/assets.json"] = {path.removeprefix("assets/"): ["styles/light.json"] for path in images}
    return made


def _flow(chance: random.Random, flow_id: str, connector: dict[str, object], nodes: int) -> dict[str, object]:
    folder = f"flows/{flow_id}"
    made: dict[str, object] = {}
    tasks: dict[str, object] = {"0": {"id": "0", "next": {"rules": [{"interactionId": "", "taskId": "1"}]}}}
    names = []
    for number in range(1, _SCREENS_PER_FLOW + 1):
        name, screen_id, submit = f"step-{number}", _identifier(chance, "SC"), _identifier(chance, "")
        names.append(name)
        following = str(number + 1)
        tasks[str(number)] = {
            "id": str(number),
            "name": _text(chance, 3),
            "type": "screen",
            "screenId": screen_id,
            "next": {"rules": [{"interactionId": submit, "taskId": following}]},
            "view": {"x": chance.randrange(4000), "y": chance.randrange(4000)},
        }
        made[f"{folder}/screen-{name}.json"] = _screen(chance, screen_id, submit, nodes)
    last = str(_SCREENS_PER_FLOW + 1)
    tasks[last] = {
        "id": last,
        "type": "automated",
        "action": "connector",
        "arguments": {"connectorId": {"value": connector["id"]}, "templateId": {"value": "http"}},
    }
    made[f"{folder}/contents.json"] = {"startTask": "0", "tasks": tasks}
    made[f"{folder}/metadata.json"] = {
        "name": _text(chance, 3),
        "description": _text(chance, 12),
        "componentsVersion": "3.4.1",
        "disabled": False,
        "fingerprint": False,
        "references": {"connectors": {connector["name"]: connector["id"]}},
        "screens": names,
    }
    return made


def _screen(chance: random.Random, screen_id: str, submit: str, count: int) -> dict[str, object]:
    nodes = {f"node{number}": _node(chance) for number in range(count)}
    root = {"nodes": list(nodes), "linkedNodes": {}, "props": {}, "type": {"resolvedName": "Container"}}
    return {
        "screenId": screen_id,
        "interactions": [{"id": submit, "label": "Continue", "type": "button", "subType": "submit"}],
        "contents": {"ROOT": root, **nodes},
    }


def _node(chance: random.Random) -> dict[str, object]:
    return {
        "parent": "ROOT",
        "nodes": [],
        "linkedNodes": {},
        "type": {"resolvedName": chance.choice(_COMPONENTS)},
        "props": {
            "text": _text(chance, chance.randrange(2, 14)),
            "variant": chance.choice(("body1", "h1", "subtitle")),
            "size": chance.choice(("sm", "md", "lg")),
            "width": chance.choice((None, 120, 240.5)),
            "visible": chance.random() < 0.9,  # noqa: PLR2004 -- most things on a screen are seen
            "name": f"{chance.choice(_WORDS)}.{chance.choice(_WORDS)}",
            "style": {"margin": chance.randrange(32), "colour": f"#{chance.randrange(1 << 24):06x}"},
        },
    }


if __name__ == "__main__":
    sys.stdout.buffer.write(export(float(sys.argv[1])))
