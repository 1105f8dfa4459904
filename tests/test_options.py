"""The option dicts: every key is documented where an editor and a reader find it."""

from __future__ import annotations

import ast
import inspect
import typing
from pathlib import Path

import pytest

import descope_projects
from descope_projects import options

SOURCE = Path(inspect.getfile(options))


def documented_keys() -> list[tuple[str, str, str, str]]:
    """Class, key, annotation and docstring of each key; an absent docstring is empty."""
    found = []
    for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for statement, following in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(statement, ast.AnnAssign):
                docstring = ""
                if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                    docstring = str(following.value.value)
                found.append((node.name, ast.unparse(statement.target), ast.unparse(statement.annotation), docstring))
    return found


KEYS = documented_keys()
IDS = [f"{name}.{key}" for name, key, _, _ in KEYS]


def test_the_source_is_read_whole() -> None:
    expected = {
        (name, key)
        for name, value in vars(options).items()
        if typing.is_typeddict(value)
        for key in value.__annotations__
        if name not in ("ValidateOptions", "InputSecret")
    }
    assert {(name, key) for name, key, _, _ in KEYS} >= expected


@pytest.mark.parametrize(("annotation", "docstring"), [key[2:] for key in KEYS], ids=IDS)
def test_a_key_says_its_default_and_its_unit(annotation: str, docstring: str) -> None:
    assert "Default: " in docstring or docstring.endswith("Required.")
    assert docstring.endswith(".")
    if "Seconds" in annotation:
        assert "in seconds" in docstring


@pytest.mark.parametrize("name", [name for name in options.__all__ if typing.is_typeddict(getattr(options, name))])
def test_the_types_of_the_keys_exist_at_run_time(name: str) -> None:
    option_class = getattr(options, name)
    assert set(typing.get_type_hints(option_class)) == set(option_class.__annotations__) != set()


def test_everything_public_is_listed() -> None:
    public = {name for name, value in vars(options).items() if typing.is_typeddict(value) and not name.startswith("_")}
    assert public <= set(options.__all__)


def test_all_names_can_be_had_from_the_package() -> None:
    assert {name for name in options.__all__ if getattr(descope_projects, name) is not getattr(options, name)} == set()
