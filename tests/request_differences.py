"""How our requests differ from those of the vendor's SDK for Python, and why: the table of a test and of a page.

`python tests/request_differences.py` writes the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "requests.md"

ABSENT = "absent"
EVERY_REQUEST = "every request"
EVERY_CALL = "every call but `license`"
"""The SDK asks for the licence with another function, which sends less."""
BEFORE_ONE = "`license` before a call as a project"
BEFORE_ALL = "`license` before `clone` and `delete`"
LISTED = "`list_projects` before `clone` and `delete`"
GROUPS = (EVERY_REQUEST, EVERY_CALL, BEFORE_ONE, BEFORE_ALL, LISTED)


@dataclass(frozen=True)
class Difference:
    """One field that is not the same on both sides."""

    requests: str
    """Which requests: `EVERY_REQUEST`, `EVERY_CALL`, or one call."""
    field: str
    """`requests` (those that a call makes), `method`, `path`, `query`, `header …`, or `body …` with a key."""
    theirs: str
    ours: str
    why: str


WE_ARE_OURSELVES = "Whoever reads the server's logs must see which program it was."
NO_VALUE_NO_KEY = "An option that is not given is not sent, so that the server's own default holds."
ANY_PROJECT = (
    "Made as the company: only a key that may list all projects can settle a lost answer, and the same request still "
    "works when the project is deleted."
)
LISTED_BEFORE = (
    "After a lost answer, only what was listed before can tell what became of it (outcomes.md). Not with "
    "`settle=False`."
)

DIFFERENCES = (
    Difference(
        EVERY_REQUEST, "header user-agent", "python-httpx/<version>", "descope-projects/<version>", WE_ARE_OURSELVES
    ),
    Difference(
        EVERY_REQUEST,
        "header accept",
        "*/*",
        "application/json",
        "Nothing else can be read: the edge may answer with a page otherwise.",
    ),
    Difference(
        EVERY_REQUEST,
        "header accept-encoding",
        "gzip, deflate",
        "zstd,gzip,br",
        "An export has megabytes of JSON. `deflate` has two meanings, and is not offered.",
    ),
    Difference(
        EVERY_REQUEST,
        "header connection",
        "keep-alive",
        ABSENT,
        "It is the default of HTTP/1.1, and forbidden in HTTP/2, which ours speaks where the server does.",
    ),
    Difference(EVERY_CALL, "header x-descope-sdk-name", "python", "descope-projects", WE_ARE_OURSELVES),
    Difference(
        EVERY_CALL,
        "header x-descope-sdk-python-version",
        "<version>",
        ABSENT,
        "The interpreter makes no request here; the command line has none.",
    ),
    Difference("license", "header x-descope-sdk-name", ABSENT, "descope-projects", WE_ARE_OURSELVES),
    Difference("license", "header x-descope-sdk-version", ABSENT, "<version>", WE_ARE_OURSELVES),
    Difference(
        "license",
        "header content-type",
        ABSENT,
        "application/json",
        "Every request has the same headers. The SDK's other calls have it too, with a body or without.",
    ),
    Difference(
        BEFORE_ONE,
        "header x-descope-project-id",
        ABSENT,
        "<project>",
        "Every request has the same headers.",
    ),
    Difference(BEFORE_ALL, "header authorization", "Bearer <project>:<key>", "Bearer <key>", ANY_PROJECT),
    Difference(LISTED, "header authorization", "Bearer <project>:<key>", "Bearer <key>", ANY_PROJECT),
    Difference(LISTED, "header x-descope-project-id", "<project>", ABSENT, ANY_PROJECT),
    Difference("clone(name)", "requests", "license, clone", "license, list_projects, clone", LISTED_BEFORE),
    Difference("clone(name)", "body environment", "null", ABSENT, NO_VALUE_NO_KEY),
    Difference("clone(name)", "body tags", "null", ABSENT, NO_VALUE_NO_KEY),
    Difference(
        "clone(name, environment, tags)", "requests", "license, clone", "license, list_projects, clone", LISTED_BEFORE
    ),
    Difference("delete()", "requests", "license, delete", "license, list_projects, delete", LISTED_BEFORE),
)

BEGIN = """# Our requests beside those of the vendor's SDK

A test makes each project call with the official SDK for Python (`descope` 2.16) and with this package, both with their
synchronous clients and with their asynchronous ones, and compares the requests field by field: method, path, query,
every header, every key and value of the body. All that differs is here: the test fails on a difference that is not in
the table, and on one that is gone.

"""
END = """
Not compared: the order and the letter case of headers, which mean nothing. The host, the length of the body, and
versions (each has its own) are compared as such. How many connections there are is not in a request: the SDK's
synchronous client opens one for each, ours keeps them.

`start_clone`, its status, and `exclude` in a validation are in no official SDK; they are what the API's reference says.
"""


def page() -> str:
    """The page with the table."""
    head = "| request | field | the SDK's | ours | why |\n| --- | --- | --- | --- | --- |\n"

    def code(value: str) -> str:
        return value if value == ABSENT else f"`{value}`"

    def name(requests: str) -> str:
        return requests if requests in GROUPS else f"`{requests}`"

    rows = "".join(
        f"| {name(row.requests)} | `{row.field}` | {code(row.theirs)} | {code(row.ours)} | {row.why} |\n"
        for row in DIFFERENCES
    )
    return BEGIN + head + rows + END


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
