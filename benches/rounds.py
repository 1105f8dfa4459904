"""What a round of a peer is: so many calls, or one piece of work with the memory that it took."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Round = Callable[[], dict[str, float]]


def repeated(call: Callable[[], object], calls: int) -> Round:
    """A round of so many calls, one after the other."""

    def one_round() -> dict[str, float]:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        return {"seconds": time.perf_counter() - start, "calls": calls}

    return one_round


def measured(work: Callable[[], object]) -> Round:
    """A round of one piece of work, with the most memory that it had at once beyond what was there before."""

    def one_round() -> dict[str, float]:
        before = memory("VmRSS")
        # Linux forgets the process's peak so far.
        Path("/proc/self/clear_refs").write_text("5")
        start = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - start
        extra = memory("VmHWM") - before
        del result
        return {"seconds": seconds, "calls": 1, "extra_bytes": extra}

    return one_round


def memory(field: str, process: int | str = "self") -> int:
    """A field of a process's status, in bytes."""
    found = re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0
