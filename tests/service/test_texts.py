"""Every problem code has a title in both languages."""

import ast
from pathlib import Path

import game
from game import errors
from game.problems import EXAMPLES
from game.texts import problem_titles

PACKAGE = Path(game.__file__).parent
REFUSALS = {name for name in vars(errors) if isinstance(getattr(errors, name), type)} | {
    "Malformed",
    "UnsupportedMedia",
    "_Bug",
}


def raised_codes() -> set[str]:
    """The codes that stand in the source where a refusal is made."""
    calls = [
        node
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS
    ]
    first = [node.args[0] for node in calls if node.args]
    return {arg.value for arg in first if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}


def test_every_code_has_titles() -> None:
    """A code without a title would be shown to players as it is."""
    assert sorted(raised_codes() - problem_titles().keys()) == []


def test_every_title_is_translated() -> None:
    """English and Chinese, neither empty; in the order of the alphabet, so that none stands there twice."""
    for code, titles in problem_titles().items():
        assert titles.keys() == {"en", "zh"}, code
        assert all(titles.values()), code
    assert list(problem_titles()) == sorted(problem_titles())


def test_examples_use_codes_that_exist() -> None:
    """The document shows no code that is never sent."""
    assert {code for code, _, _ in EXAMPLES.values()} <= problem_titles().keys()
