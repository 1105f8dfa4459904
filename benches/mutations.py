"""Makes a copy of a snapshot that differs as real copies do: the same copy for the same snapshot, on every machine.

    python benches/mutations.py [--share 0.01] [--rename-screens N] [--remake-ids] [--restamp] < one.json > other.json

Changed are words, numbers and colours of a share of the files. On top of that, what is no change of meaning, or looks
like more than it is: screens whose files have other names, ids that were made anew in every file that has them, and
another `componentsVersion`.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import re
import sys
from typing import TYPE_CHECKING, Any

from snapshots import encoded

if TYPE_CHECKING:
    from pathlib import Path

    Files = dict[str, Any]

_IDS = re.compile(rb"\b(?:SC|CI|RO|PR)[0-9A-Za-z]{25}\b")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz"
_INDEXES = re.compile(r"(^|/)(flows|connectors|styles|assets|snapshot)\.json$")


def mutated(
    body: bytes, *, share: float = 0.01, rename_screens: int = 0, remake_ids: bool = False, restamp: bool = False
) -> bytes:
    """The body of an export of the changed copy.

    Args:
        body: The body of an export.
        share: Which part of the files is changed in its content; at least one file if it is above 0.
        rename_screens: How many screens get a file of another name.
        remake_ids: Whether ids of screens, connectors, roles and permissions are made anew.
        restamp: Whether `componentsVersion` is another one.
    """
    chance = random.Random(f"descope-projects {len(body)} {share}")  # noqa: S311 -- the same bytes each time are the point
    files: Files = json.loads(body)["files"]
    _change(files, share, chance)
    _rename(files, rename_screens, chance)
    if restamp:
        for value in files.values():
            if isinstance(value, dict) and "componentsVersion" in value:
                value["componentsVersion"] = "3.5.0"
    copy = encoded({"files": dict(sorted(files.items()))})
    return _with_new_ids(copy, chance) if remake_ids else copy


def write(body: bytes, folder: Path) -> None:
    """Writes an export as a directory, in the vendor's form: two spaces, text as it is, images decoded."""
    for path, value in json.loads(body)["files"].items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(value, str):
            file.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
        elif path.endswith((".txt", ".html")):
            file.write_text(value)
        else:
            file.write_bytes(base64.b64decode(value))


def _change(files: Files, share: float, chance: random.Random) -> None:
    candidates = [path for path, value in files.items() if isinstance(value, dict) and not _INDEXES.search(path)]
    count = max(1, round(len(files) * share)) if share > 0 else 0
    for path in chance.sample(candidates, min(count, len(candidates))):
        value = files[path]
        nodes = [node for name, node in value.get("contents", {}).items() if name != "ROOT"]
        if nodes:
            for node in chance.sample(nodes, min(3, len(nodes))):
                node["props"]["text"] += " (changed)"
                node["props"]["style"]["margin"] += 1
        elif "tasks" in value:
            next(reversed(value["tasks"].values()))["name"] = "Changed"
        else:
            value["description"] = f"{value.get('description', '')} (changed)".strip()


def _rename(files: Files, count: int, chance: random.Random) -> None:
    screens = [path for path in files if "/screen-" in path]
    for path in chance.sample(screens, min(count, len(screens))):
        folder, _, name = path.rpartition("/screen-")
        name = name.removesuffix(".json")
        renamed = f"{name}-{chance.getrandbits(20):05x}"
        files[f"{folder}/screen-{renamed}.json"] = files.pop(path)
        names = files[f"{folder}/metadata.json"]["screens"]
        names[names.index(name)] = renamed


def _with_new_ids(body: bytes, chance: random.Random) -> bytes:
    """An id is replaced wherever it is: what refers to it still does."""
    found = sorted(set(_IDS.findall(body)))
    made = {old: old[:2] + "".join(chance.choices(_ALPHABET, k=25)).encode() for old in found}
    return _IDS.sub(lambda match: made[match.group()], body)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.01, help="part of the files that is changed (default: 0.01)")
    parser.add_argument("--rename-screens", type=int, default=0, help="how many screens' files get another name")
    parser.add_argument("--remake-ids", action="store_true", help="make all ids anew")
    parser.add_argument("--restamp", action="store_true", help="change componentsVersion")
    chosen = parser.parse_args()
    sys.stdout.buffer.write(mutated(sys.stdin.buffer.read(), **vars(chosen)))
