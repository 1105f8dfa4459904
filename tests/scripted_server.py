"""A server on a real socket that does exactly what a test tells it, and counts the work that it did.

What it does with a request is a step: a function of the exchange. A call without a step is answered as the API would.
Nothing here sleeps: what has to wait waits for an event that the test sets.
"""
# ruff: noqa: ANN401 -- JSON is anything

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Self

PROJECT = "P2source"
KEY = 'K2canary-with-/+and"quote'
PATHS = {
    "license": "/v1/mgmt/license",
    "list_projects": "/v1/mgmt/projects/list",
    "update_name": "/v1/mgmt/project/update/name",
    "update_tags": "/v1/mgmt/project/update/tags",
    "clone": "/v1/mgmt/project/clone",
    "start_clone": "/v1/mgmt/project/clone/async",
    "clone_status": "/v1/mgmt/project/clone/async/process-1",
    "delete": "/v1/mgmt/project/delete",
    "export_project": "/v1/mgmt/project/export",
    "import_project": "/v1/mgmt/project/import",
    "export_snapshot": "/v1/mgmt/project/snapshot/export",
    "import_snapshot": "/v1/mgmt/project/snapshot/import",
    "validate_snapshot": "/v1/mgmt/project/snapshot/validate",
    "request": "/v1/mgmt/other",
}
"""The path of each call of the wire contract; `request` is any other route."""
FILES = {"project.json": {"domain": "example.com"}}
PATIENCE = 20
"""Seconds after which a test that waits for the server has failed."""


@dataclass(frozen=True)
class Received:
    """A request, read to its end."""

    connection: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Gate:
    """Something that the server waits for: `reached` once it does, and on it goes when the test calls `open`."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def wait_until_reached(self) -> None:
        assert self._reached.wait(PATIENCE), "no request came as far as the gate"

    def open(self) -> None:
        self._open.set()

    def stop_here(self) -> None:
        self._reached.set()
        self._open.wait()


@dataclass
class Exchange:
    """One request and the connection that it came on."""

    server: ScriptedServer
    connection: Connection
    request: Received

    def work(self) -> dict[str, Any]:
        """Does what the request asks for, and counts it."""
        return self.server.work(self.request)

    def send(self, data: bytes) -> None:
        self.connection.socket.sendall(data)

    def close(self) -> None:
        self.connection.close()

    def reset(self) -> None:
        self.connection.reset()


@dataclass
class Connection:
    """An accepted connection."""

    number: int
    socket: socket.socket
    open: bool = True
    rude: bool = False
    """Whether it is reset at its end."""
    begun: int = 0
    """How many requests came over it, read to their end or not."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Closes it so that the other side is told at once, also while another thread reads from it."""
        with self.lock:
            if not self.open:
                return
            self.open = False
            with contextlib.suppress(OSError):  # The other side was faster.
                self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()

    def reset(self) -> None:
        """Closes it with a reset: what the other side has sent and nobody has read is thrown away."""
        with self.lock:
            self.open = False
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()


if TYPE_CHECKING:
    Step = Callable[[Exchange], None]


def encoded(
    status: int = 200, body: bytes | str | Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """An HTTP/1.1 message; a mapping is sent as JSON."""
    content = b"" if body is None else body.encode() if isinstance(body, str) else body
    kind = "text/html" if isinstance(body, str) else "application/json"
    if not isinstance(content, bytes):
        content = json.dumps(content).encode()
    fields = {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + content


def well(exchange: Exchange) -> None:
    """Do the work and answer as the API does."""
    exchange.send(encoded(body=exchange.work()))


def answer(
    status: int = 200,
    body: bytes | str | Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    work: bool | None = None,
) -> Step:
    """Answer this; the work is done if the status is a good one, unless `work` says otherwise."""

    def step(exchange: Exchange) -> None:
        if status < 300 if work is None else work:
            exchange.work()
        exchange.send(encoded(status, body, headers))

    return step


def raw(data: bytes, *, work: bool = False, close: bool = True) -> Step:
    """Send these bytes, which may be no HTTP at all."""

    def step(exchange: Exchange) -> None:
        if work:
            exchange.work()
        exchange.send(data)
        if close:
            exchange.close()

    return step


def drop(*, work: bool) -> Step:
    """Close the connection without an answer, before or after the work."""

    def step(exchange: Exchange) -> None:
        if work:
            exchange.work()
        exchange.close()

    return step


def reset(*, work: bool) -> Step:
    """Reset the connection without an answer, before or after the work."""

    def step(exchange: Exchange) -> None:
        if work:
            exchange.work()
        exchange.reset()

    return step


def half(headers: Mapping[str, str] | None = None, *, chunked: bool = False) -> Step:
    """Do the work, send the beginning of the answer, and close the connection."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items()).encode()

    def step(exchange: Exchange) -> None:
        body = json.dumps(exchange.work()).encode().ljust(64)
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 64"
        begun = b"40\r\n" + body[:9] if chunked else body[:9]
        exchange.send(b"HTTP/1.1 200 OK\r\n" + more + framing + b"\r\n\r\n" + begun)
        exchange.close()

    return step


def stall(gate: Gate) -> Step:
    """Do the work, send the beginning of the answer, and wait."""

    def step(exchange: Exchange) -> None:
        exchange.work()
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n{")
        exchange.server.stop_at(gate)

    return step


def hold(gate: Gate, *, work: bool = False, then: Step | None = None) -> Step:
    """Wait for the gate, before or after the work; then go on, or close the connection."""

    def step(exchange: Exchange) -> None:
        if work:
            exchange.work()
        exchange.server.stop_at(gate)
        if then is None:
            exchange.close()
        else:
            then(exchange)

    return step


def then_close(step: Step) -> Step:
    """Take the step, and close the connection as a server does that closes idle ones: without a word."""

    def both(exchange: Exchange) -> None:
        step(exchange)
        exchange.close()

    return both


class ScriptedServer:
    """Listens on a port of its own until it is closed."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.projects: list[dict[str, Any]] = [{"id": PROJECT, "name": "source"}]
        self.requests: list[Received] = []
        self.connections = 0
        self.closed = 0
        self._steps: defaultdict[str, deque[Step]] = defaultdict(deque)
        self._always: dict[str, Step] = {}
        self._at_accept: deque[Callable[[Connection], None]] = deque()
        self._always_at_accept: Callable[[Connection], None] | None = None
        self._executions: Counter[str] = Counter()
        self._gates: list[Gate] = []
        self._closing = False
        self._changed = threading.Condition()
        self._open: list[Connection] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def script(self, call: str, *steps: Step) -> None:
        """What to do with the coming requests of a call, one step each."""
        self._steps[PATHS.get(call, call)].extend(steps)

    def always(self, call: str, step: Step) -> None:
        """What to do with every request of a call for which no step is left."""
        self._always[PATHS.get(call, call)] = step

    def always_everywhere(self, step: Step) -> None:
        """What to do with every request of whatever call."""
        self._always = dict.fromkeys(PATHS.values(), step)

    def at_accept(self, *actions: Callable[[Connection], None]) -> None:
        """What to do with the coming connections before anything is read from them, one action each."""
        self._at_accept.extend(actions)

    def always_at_accept(self, action: Callable[[Connection], None]) -> None:
        """What to do with every connection for which no action is left."""
        self._always_at_accept = action

    @property
    def begun(self) -> int:
        """How many requests came, read to their end or not."""
        with self._changed:
            return sum(connection.begun for connection in self._open)

    def executions(self, call: str) -> int:
        """How often the work of a call was done."""
        with self._changed:
            return self._executions[PATHS.get(call, call)]

    def seen(self, call: str) -> list[Received]:
        """The requests of a call that were read to their end."""
        with self._changed:
            return [request for request in self.requests if request.target == PATHS.get(call, call)]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Waits for something that the server does."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), "the server did not come so far"

    def wait_until_closed(self, connections: int) -> None:
        """Waits until so many connections were closed from this side."""
        self.wait_until(lambda: self.closed >= connections)

    def stop_listening(self) -> None:
        """From now on a connection is refused."""
        listener = self._listener
        with contextlib.suppress(OSError):  # Not listening any more, or a system that refuses this.
            listener.shutdown(socket.SHUT_RDWR)  # Closing alone does not wake the thread that accepts.
        listener.close()

    def reset_idle(self) -> None:
        """Resets every connection that waits for a request."""
        with self._changed:
            connections = [connection for connection in self._open if connection.open]
        for connection in connections:
            connection.rude = True
            with contextlib.suppress(OSError):  # The client was faster.
                connection.socket.shutdown(socket.SHUT_RD)  # The thread that reads sees the end, and resets it.
        self.wait_until_closed(len(self._open))

    def close(self) -> None:
        self.stop_listening()
        with self._changed:
            self._closing = True
            connections = list(self._open)
        for gate in self._gates:
            gate.open()
        for connection in connections:
            connection.close()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def stop_at(self, gate: Gate) -> None:
        """Waits for the gate, but no longer than until the server is closed."""
        with self._changed:
            self._gates.append(gate)
            if self._closing:
                gate.open()
        gate.stop_here()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def work(self, request: Received) -> dict[str, Any]:
        """What the API would do and answer."""
        with self._changed:
            self._executions[request.target] += 1
            return self._results(request)

    def _results(self, request: Received) -> dict[str, Any]:
        call = next((name for name, path in PATHS.items() if path == request.target), "request")
        if call == "list_projects":
            return {"projects": list(self.projects)}
        if call == "clone":
            made = {"id": f"P2clone{len(self.projects)}", "name": request.json.get("name", "a clone")}
            self.projects.append(made)
            return {"projectId": made["id"], "projectName": made["name"]}
        if call == "delete":
            gone = request.headers["authorization"].removeprefix("Bearer ").partition(":")[0]
            self.projects = [project for project in self.projects if project["id"] != gone]
            return {}
        answers: dict[str, dict[str, Any]] = {
            "license": {"rateLimitTier": "tier-4"},
            "start_clone": {"processId": "process-1"},
            "clone_status": {"projectId": "P2clone", "projectName": "preview"},
            "export_project": {"files": FILES},
            "export_snapshot": {"files": FILES},
            "validate_snapshot": {"ok": True},
            "request": {"done": True},
        }
        return answers.get(call, {})

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return  # Not listening any more.
            with self._changed:
                self.connections += 1
                connection = Connection(self.connections, accepted)
                self._open.append(connection)
                action = self._at_accept.popleft() if self._at_accept else self._always_at_accept
                self._changed.notify_all()
            self._start(self._serve, connection, action)

    def _serve(self, connection: Connection, action: Callable[[Connection], None] | None) -> None:
        # The client may go away at any time, and the server may be closed.
        with contextlib.suppress(OSError):
            if action is not None:
                action(connection)
            elif self.tls is not None:
                self._encrypt(connection, self.tls)
            while connection.open and (request := self._read(connection)) is not None:
                self._step(request)(Exchange(self, connection, request))
        if connection.rude and connection.open:
            connection.reset()
        connection.close()
        with self._changed:
            self.closed += 1
            self._changed.notify_all()

    def _step(self, request: Received) -> Step:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()
            steps = self._steps[request.target]
            return steps.popleft() if steps else self._always.get(request.target, well)

    @staticmethod
    def _encrypt(connection: Connection, tls: ssl.SSLContext) -> None:
        plain = connection.socket
        with connection.lock:
            if not connection.open:
                raise OSError
        connection.socket = tls.wrap_socket(plain, server_side=True)

    @staticmethod
    def _read(connection: Connection) -> Received | None:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.socket.recv(65536)
            if not more:
                return None
            connection.begun += not data
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(body) < length:
            more = connection.socket.recv(65536)
            if not more:
                return None
            body += more
        return Received(connection.number, method, target, headers, body)


def reset_at_once(connection: Connection) -> None:
    """Reset the connection as soon as it is made."""
    connection.reset()


def reset_unread(connection: Connection) -> None:
    """Wait for the first byte and reset the connection without reading it."""
    select.select([connection.socket], [], [], PATIENCE)
    connection.begun += 1
    connection.reset()


def cut_request(connection: Connection) -> None:
    """Read a part of the request, and close the connection."""
    connection.begun += bool(connection.socket.recv(20))
    connection.close()


def targets(requests: Iterable[Received]) -> list[str]:
    """The calls of these requests, by name."""
    names = {path: name for name, path in PATHS.items()}
    return [names.get(request.target, request.target) for request in requests]
