"""The Python half of the asyncio bridge: one mailbox for each event loop, one coroutine for each call."""

from __future__ import annotations

from asyncio import get_running_loop
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from descope_projects import _native

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

    # What gives the mailbox of a loop, as long as the loop has it.
    Found = Callable[[], _native._Mailbox | None]  # noqa: SLF001 -- ours

# A mailbox made before a fork shares its descriptor with the parent, so the process's generation is kept beside it.
_mailboxes: WeakKeyDictionary[AbstractEventLoop, tuple[int, Found]] = WeakKeyDictionary()
# What was found last: nearly every program has one loop, and the dictionary takes longer than the start of a call.
_recent: tuple[ref[AbstractEventLoop], int, Found] | None = None


def _forget(_: object) -> None:
    global _recent  # noqa: PLW0603 -- a loop that is gone must not be kept open by its mailbox
    _recent = None


def _mailbox(loop: AbstractEventLoop) -> _native._Mailbox:
    global _recent  # noqa: PLW0603 -- what was found last
    generation = _native._generation()  # noqa: SLF001 -- ours
    recent = _recent
    if recent is not None and recent[0]() is loop and recent[1] == generation and (mailbox := recent[2]()) is not None:
        return mailbox
    known = _mailboxes.get(loop)
    if known is None or known[0] != generation or (mailbox := known[1]()) is None:
        mailbox = _native._Mailbox(loop)  # noqa: SLF001 -- ours
        # A loop has the mailbox that it watches. Were it kept here too, the calls under way in it would keep the loop.
        found = ref(mailbox) if mailbox._watched else lambda: mailbox  # noqa: SLF001 -- ours
        known = _mailboxes[loop] = (generation, found)
    _recent = (ref(loop, _forget), *known)
    return mailbox


async def fly(flight: _native._Flight) -> Any:  # noqa: ANN401 -- what the call returns
    """Run one call; a cancellation that leaves its outcome unknown says so as its cause."""
    loop = get_running_loop()
    future = loop.create_future()
    try:
        flight.start(_mailbox(loop), future)
        return await future
    except BaseException as ended:
        if future.done() and not future.cancelled() and future.exception() is ended:
            raise
        # Whatever else ends it, a cancellation or what somebody threw, ends the call too.
        cause = flight.cancel()
        if cause is not None and not isinstance(ended, GeneratorExit):
            raise ended from cause
        raise
    finally:
        flight.land()


# What a person reads where `await` was forgotten: "coroutine 'a call of descope_projects' was never awaited".
fly.__qualname__ = "a call of descope_projects"


async def enter(client: _native.AsyncClient) -> _native.AsyncClient:
    """What `async with` binds."""
    return client


async def close(client: _native.AsyncClient) -> None:
    """Stop the client's thread; every call that was under way hears of it."""
    client._close()  # noqa: SLF001 -- ours
