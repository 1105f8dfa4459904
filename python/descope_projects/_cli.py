"""The console script: the command line program is in the extension."""

import _signal  # type: ignore[import-not-found]  # in every CPython, in no stub
import sys

from descope_projects._native import run_command_line

_INTERRUPTED = 130


def main() -> None:
    """Runs the command line program and ends the process with its status."""
    try:
        # Python's handler would only set a flag, which nobody looks at while the program runs. `_signal` is what
        # `signal` wraps; the wrapper imports `enum`, which costs more than the program's start.
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
        status = run_command_line(sys.argv)
    except KeyboardInterrupt:
        status = _INTERRUPTED
    sys.exit(status)
