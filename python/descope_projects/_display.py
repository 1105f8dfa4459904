"""What notebooks show. Nothing here makes a call or shows a secret; the colours are the notebook's own."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

from descope_projects._native import ProjectInfo
from descope_projects.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from descope_projects._native import (
        AsyncClient,
        AsyncProject,
        Client,
        Emulator,
        Project,
        Snapshot,
    )

_MOST_ROWS = 50
_LONGEST_TEXT = 80
_MASK = "••••••"
_SENSITIVE = ("secret", "token", "password", "passwd", "credential", "apikey", "privatekey", "authconfig")
# Their names sound as if they held a token; they say how one is handed out, or for how long.
_HARMLESS = ("expiration", "responsemethod", "cookiepolicy", "cookiedomain")

# `currentColor` follows the notebook's theme, light or dark.
_CELL = "text-align:left;vertical-align:top;padding:0.15em 0.9em 0.15em 0;border-bottom:1px solid currentColor"
_BADGE = "border:1px solid currentColor;border-radius:0.6em;padding:0 0.5em;margin-right:0.4em;font-size:85%"


def client_html(client: Client | AsyncClient) -> str:
    """A client: where it calls, as which project, and whether it may write."""
    badges = ["read only"] if client.read_only else []
    rows = [("host", client.base_url), ("project", client.own_project.id)]
    return _box(type(client).__name__, badges, _table(None, rows))


def project_html(project: Project | AsyncProject | ProjectInfo) -> str:
    """One project: a handle shows its id only, since it knows nothing else."""
    if not isinstance(project, ProjectInfo):
        return _box(type(project).__name__, [], _table(None, [("id", project.id)]))
    rows = [("id", project.id), ("name", project.name or ""), ("tags", ", ".join(project.tags))]
    return _box("Project", [project.environment] if project.environment else [], _table(None, rows))


def projects_html(projects: Iterable[ProjectInfo]) -> str:
    """Several projects, a row each."""
    rows = [
        (project.name or "", project.id, project.environment or "", ", ".join(project.tags)) for project in projects
    ]
    return _table(("name", "id", "environment", "tags"), rows)


def emulator_html(emulator: Emulator) -> str:
    """An emulator: where it is, and its projects."""
    return _box("Emulator", [emulator.url], projects_html(emulator.projects))


def snapshot_html(snapshot: Snapshot) -> str:
    """A snapshot: how much of what is in it, and the project's settings; sensitive ones are masked."""
    badges = [f"{len(snapshot)} files", _amount(snapshot.size)]
    if snapshot.partial:
        badges.append("a part")
    if snapshot.contains_secrets:
        badges.append("contains secrets")
    if snapshot.skipped:
        badges.append(f"{len(snapshot.skipped)} files skipped")
    rooms = Counter(path.partition("/")[0] + "/" if "/" in path else path for path in snapshot)
    parts = [_table(("what", "files"), [(room, str(count)) for room, count in sorted(rooms.items())])]
    if not snapshot.contains_secrets and "project.json" in snapshot:
        parts.append(_settings(snapshot))
    return _box("Snapshot", badges, "".join(parts))


def _settings(snapshot: Snapshot) -> str:
    try:
        settings = snapshot["project.json"]
    except SnapshotError as error:
        return f"<p>{escape(str(error))}</p>"
    if not isinstance(settings, dict):
        return ""
    return _table(("setting", "value"), [(key, _shown(key, value)) for key, value in sorted(settings.items())])


def _shown(key: str, value: Any) -> str:  # noqa: ANN401 -- any JSON value
    if value is None or value == "":
        return ""
    folded = key.lower().replace("_", "")
    if any(word in folded for word in _SENSITIVE) and not any(word in folded for word in _HARMLESS):
        return _MASK
    if isinstance(value, dict):
        return f"{{{len(value)} entries}}"
    if isinstance(value, list):
        return f"[{len(value)} entries]"
    text = str(value)
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def _amount(size: int) -> str:
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB"):
        if amount < 1024:  # noqa: PLR2004 -- the unit's own size
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def _box(title: str, badges: Sequence[str], content: str) -> str:
    shown = "".join(f'<span style="{_BADGE}">{escape(badge)}</span>' for badge in badges)
    return f"<div><p><strong>{escape(title)}</strong> {shown}</p>{content}</div>"


def _table(head: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> str:
    lines = [_row("td", row) for row in rows[:_MOST_ROWS]]
    if head is not None:
        lines.insert(0, _row("th", head))
    if len(rows) > _MOST_ROWS:
        lines.append(_row("td", [f"… and {len(rows) - _MOST_ROWS} more"]))
    return f'<table style="border-collapse:collapse">{"".join(lines)}</table>'


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f'<{tag} style="{_CELL}">{escape(cell)}</{tag}>' for cell in cells) + "</tr>"
