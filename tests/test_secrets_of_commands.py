"""Keys, tokens and secrets go through every command, and are said nowhere: not on stdout or stderr, in no file, to no
other process.

The commands are those that `--help` lists: one that is new and not in `COMMANDS` makes a test fail.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from canary import Canary, absent, contents
from scripted_server import PATHS
from test_secrets import FILES, GIVEN, KEY, LITERAL, LOST, PASSWORD, PROJECT, SEED, SIGNATURE, STORED, TOKEN, faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from descope_projects import Emulator
    from scripted_server import ScriptedServer

ALL = (KEY, TOKEN, SIGNATURE, PASSWORD, GIVEN, LITERAL, STORED, LOST)
NAME = "canaries"
CONFIRMED = ["--yes", "--project-name", NAME]
# By the words of the command: what follows them. Run one after the other, in a folder that keeps what they write.
COMMANDS: dict[str, list[list[str]]] = {
    "doctor": [[], ["--project-id", PROJECT]],
    "projects list": [[]],
    "projects show": [[PROJECT]],
    "projects clone": [[PROJECT, "--name", "preview", "--allow-secrets-copy"]],
    "projects rename": [[PROJECT, "canaries"]],
    "projects tag": [[PROJECT, "--set", "a"]],
    "snapshot export": [
        [PROJECT, "s"],
        [PROJECT, "s.zip"],
        [PROJECT, "p", "--project-export", "--allow-secrets"],
    ],
    "snapshot validate": [
        [PROJECT, "given", "--secrets", "secrets.json"],
        [PROJECT, "given", "--secrets", "secrets.json", "--missing-secrets-file", "missing.json"],
    ],
    "snapshot import": [
        [PROJECT, "given", "--secrets", "secrets.json", *CONFIRMED],
        [PROJECT, "given", "--secrets", "secrets.json", "--skip-validation", *CONFIRMED],
    ],
    "projects delete": [[PROJECT, *CONFIRMED]],
}
# These make servers of their own, with credentials that are no secrets.
SERVERS = {"emulator", "demo"}
# This prints what is in the program, and asks nobody.
PRINTS = {"completions"}
LOOK = {"doctor --retries", "doctor --project-id", "doctor --json", "projects list", "projects show"}
"""These list projects, and do nothing else."""
KEEPS_SECRETS = {"secrets.json", "given", "p"}
"""What of the folder was given with secrets in it, or asked for with them."""

BATCH = """
import json, os, sys, tempfile
from descope_projects._native import run_command_line
jobs = json.load(sys.stdin)
nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(nothing, 0)
kept = os.dup(1), os.dup(2)
ended = []
for job in jobs:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
        for name, value in job["environment"].items():
            os.environ[name] = value
        status = run_command_line(["descope-projects", *job["arguments"]])
        os.dup2(kept[0], 1), os.dup2(kept[1], 2)
        out.seek(0), err.seek(0)
        ended.append([status, out.read().decode(), err.read().decode()])
children = [open(f"/proc/self/task/{task}/children").read() for task in os.listdir("/proc/self/task")]
print(json.dumps({"ended": ended, "children": "".join(children)}))
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), "TMPDIR": str(home), "DESCOPE_PROJECTS_LOG": "debug", **more}


def run_all(jobs: list[dict[str, Any]], folder: Path, home: Path, **more: str) -> tuple[list[Any], str]:
    """Runs command lines one after the other in one interpreter; how they ended, and which children there are left."""
    ended = subprocess.run(
        [sys.executable, "-c", BATCH],
        input=json.dumps(jobs),
        cwd=folder,
        env=environment(home, **more),
        capture_output=True,
        check=False,
        text=True,
        timeout=50,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    return told["ended"], told["children"]


def listed(*words: str) -> Iterator[str]:
    """The commands below these words, as `--help` lists them."""
    asked = [sys.executable, "-m", "descope_projects", *words, "--help"]
    page = subprocess.run(asked, capture_output=True, check=True, text=True, timeout=50).stdout
    section = page.partition("Commands:")[2].partition("\n\n")[0]
    names = re.findall(r"^  ([a-z-]+)", section, re.MULTILINE)
    if not names and words:
        yield " ".join(words)
    for name in names:
        yield from listed(*words, name)


def test_every_command_is_swept() -> None:
    assert set(listed()) == {*COMMANDS, *SERVERS, *PRINTS}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the commands need: files with a secret in them, and a file of secrets."""
    made = tmp_path / "folder"
    (made / "given" / "connectors").mkdir(parents=True)
    for path, value in FILES.items():
        (made / "given" / path).write_text(json.dumps(value))
    secrets = {"connector-CI1": {"name": "Mail", "secrets": {"password": GIVEN.value}}}
    (made / "secrets.json").write_text(json.dumps(secrets))
    (made / "secrets.json").chmod(0o600)
    (tmp_path / "home").mkdir()
    return made


def jobs(*, as_json: bool, **variables: str) -> list[dict[str, Any]]:
    flag = ["--json"] if as_json else []
    return [
        {"arguments": [*words.split(), *arguments, *flag], "environment": variables}
        for words, ways in COMMANDS.items()
        for arguments in ways
    ]


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "JSON"])
@pytest.mark.descope_emulator(seed=SEED)
def test_commands_that_succeed(descope_emulator: Emulator, folder: Path, *, as_json: bool) -> None:
    home = folder.parent / "home"
    keyed = {"DESCOPE_BASE_URL": descope_emulator.url, "DESCOPE_PROJECT_ID": PROJECT, "WORKLOAD_IDENTITY_TOKEN": ""}
    todo = jobs(as_json=as_json, **keyed, DESCOPE_MANAGEMENT_KEY=f" {KEY.value}\n")
    todo[1]["environment"] |= {"WORKLOAD_IDENTITY_TOKEN": TOKEN.value}
    todo[2]["environment"] |= {"WORKLOAD_IDENTITY_TOKEN": ""}
    proxy = f"http://user:{PASSWORD.value}@127.0.0.1:1"
    ended, children = run_all(todo, folder, home, HTTPS_PROXY=proxy, ALL_PROXY=proxy)
    assert [status for status, _, _ in ended] == [0] * len(todo), ended
    assert absent(ALL, [text for _, *texts in ended for text in texts]) == 2 * len(todo)
    assert children == ""
    for name in KEEPS_SECRETS:
        kept = folder / name
        assert any(one.octets["plain"] in text or one.octets["JSON"] in text for one in ALL for text in read(kept))
        (subprocess.run(["rm", "-r", str(kept)], check=True))  # noqa: S607 -- Looked at the rest:
    assert absent(ALL, [*contents(folder), *contents(home)]) > 10


def read(path: Path) -> Iterator[bytes]:
    yield from contents(path) if path.is_dir() else [path.read_bytes()]


@pytest.mark.parametrize(("credential", "as_json"), [(KEY, False), (TOKEN, True)], ids=["key, text", "token, JSON"])
def test_commands_that_fail_in_every_way(
    server: ScriptedServer, folder: Path, credential: Canary, *, as_json: bool
) -> None:
    known = [credential, *([SIGNATURE] if credential is TOKEN else [])]
    kind = "DESCOPE_MANAGEMENT_KEY" if credential is KEY else "WORKLOAD_IDENTITY_TOKEN"
    variables = {"DESCOPE_PROJECT_ID": PROJECT, kind: credential.value}
    forbidden = faults(known)["403"]
    todo = []
    for name in sorted(faults(known).keys() - {"another JSON"}):  # Some calls take whatever JSON there is.
        base = f"/{name.replace(' ', '-')}"
        for call, path in PATHS.items():
            along = [GIVEN, LITERAL] if call.startswith(("import", "validate")) else []
            fault = faults([*known, *along])[name]
            server.always(base + path, fault)
            # Who may not list projects gets as far as the call that is meant.
            server.always(f"{base}/lists-nothing{path}", forbidden if call == "list_projects" else fault)
        for job in jobs(as_json=as_json, **variables):
            further = "" if " ".join([*job["arguments"], "--retries"][:2]) in LOOK else "/lists-nothing"
            job["environment"]["DESCOPE_BASE_URL"] = f"{server.url}{base}{further}"
            # Nor may he know the project's name.
            job["arguments"] = [*(PROJECT if word == NAME else word for word in job["arguments"]), "--retries", "0"]
            todo.append(job)
    ended, children = run_all(todo, folder, folder.parent / "home")
    succeeded = {" ".join(job["arguments"][:2]) for job, (status, *_) in zip(todo, ended, strict=False) if status == 0}
    assert succeeded <= LOOK - {"projects list"}  # For whom it is an answer that the key may not list projects.
    assert absent(ALL, [text for _, *texts in ended for text in texts]) == 2 * len(todo)
    assert children == ""
    for name in ("secrets.json", "given"):
        subprocess.run(["rm", "-r", str(folder / name)], check=True)  # noqa: S607 -- What was there before:
    assert absent(ALL, [*contents(folder), *contents(folder.parent / "home"), b""]) > 0


def wrong_arguments(lost: str) -> Iterator[list[str]]:
    """Command lines with a key in them."""
    for words, ways in COMMANDS.items():
        for option in (
            "--management-key",
            "--key",
            "--base-url",
            "--project-id",
            "--secrets",
            "--exclude",
            "--timeout",
        ):
            yield [*words.split(), *ways[0], option, lost]
            yield [*words.split(), *ways[0], f"{option}={lost}"]
        yield [*words.split(), lost]
        yield [*words.split(), f"{PROJECT}:{lost}"]
        yield [*words.split(), *ways[0], lost]
        yield [*words.split(), PROJECT, lost]
    yield [lost]
    yield ["projects", lost]
    yield ["emulator", "--seed", lost]


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "JSON"])
def test_a_key_among_the_arguments_is_not_repeated(server: ScriptedServer, folder: Path, *, as_json: bool) -> None:
    server.always_everywhere(faults([LOST])["401"])
    known = {"DESCOPE_BASE_URL": server.url, "DESCOPE_PROJECT_ID": PROJECT, "DESCOPE_MANAGEMENT_KEY": LOST.value}
    flag = ["--json"] if as_json else []
    todo = [{"arguments": [*one, *flag], "environment": known} for one in wrong_arguments(LOST.value)]
    ended, _ = run_all(todo, folder, folder.parent / "home")
    assert absent([LOST], [text for _, *texts in ended for text in texts]) == 2 * len(todo)
    assert [job["arguments"] for job, (status, *_) in zip(todo, ended, strict=False) if status == 0] == []


@pytest.mark.parametrize("variable", ["DESCOPE_MANAGEMENT_KEY", "WORKLOAD_IDENTITY_TOKEN", "DESCOPE_PROJECT_ID"])
def test_a_mistake_in_the_environment_is_explained_without_it(folder: Path, variable: str) -> None:
    texts = ["x{}", "{} {}", "{}\n{}", f"{PROJECT}:{{}}", "P2:{}", "K2é{}"]
    right = {"DESCOPE_PROJECT_ID": PROJECT, "DESCOPE_MANAGEMENT_KEY": "K2a", "DESCOPE_BASE_URL": "http://127.0.0.1:1"}
    todo = [
        {"arguments": [*words.split(), *flag], "environment": {**right, variable: text.format(LOST.value, LOST.value)}}
        for text in texts
        for words in ("doctor", "projects list")
        for flag in ([], ["--json"])
    ]
    ended, _ = run_all(todo, folder, folder.parent / "home")
    assert [status for status, _, _ in ended] == [64] * len(todo), ended
    assert absent([LOST], [text for _, *texts in ended for text in texts]) == 2 * len(todo)


@pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="this system does not show what a process was given"
)
def test_an_emulator_is_told_nothing(folder: Path) -> None:
    """The key of the environment is that of whoever set it; what we start, and what it says, knows nothing of it."""
    keyed = environment(folder.parent / "home", DESCOPE_PROJECT_ID=PROJECT, DESCOPE_MANAGEMENT_KEY=KEY.value)
    command = [sys.executable, "-m", "descope_projects", "emulator", "--json"]
    with subprocess.Popen(command, cwd=folder, env=keyed, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as started:
        try:
            assert started.stdout is not None
            said = started.stdout.readline()
            seen = Path(f"/proc/{started.pid}/cmdline").read_bytes()
            tasks = Path(f"/proc/{started.pid}/task").iterdir()
            children = "".join((task / "children").read_text() for task in tasks)
        finally:
            started.send_signal(signal.SIGTERM)
            said += started.stdout.read() if started.stdout else b""
    assert children == ""
    assert absent(ALL, [said, seen]) == 2
    assert absent(ALL, [*contents(folder.parent / "home"), b""]) > 0
