"""Texts of the service itself in the languages it speaks, and which of them a reader prefers."""

import tomllib
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from importlib.resources import files

RANGES_READ = 10


class Language(Enum):
    """A language, by its tag (BCP 47)."""

    EN = "en"
    ZH = "zh-CN"


@lru_cache(maxsize=1)
def problem_titles() -> Mapping[str, Mapping[str, str]]:
    """The titles of all problem codes, each under `en` and `zh`."""
    return tomllib.loads(files("game.texts").joinpath("problems.toml").read_text(encoding="utf-8"))


def problem_title(code: str, language: Language) -> str:
    """The title of a code; a code without one stands for itself."""
    return problem_titles().get(code, {}).get(language.name.lower(), code)


@lru_cache(maxsize=1)
def explanations() -> Mapping[str, Mapping[str, str]]:
    """How a play or an operation stands, by code, each under `en` and `zh`."""
    return tomllib.loads(files("game.texts").joinpath("explanations.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def rewards() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """What rewards are called (`kinds`) and what they are for (`sources`), each under `en` and `zh`."""
    return tomllib.loads(files("game.texts").joinpath("rewards.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def fairness() -> Mapping[str, Mapping[str, str]]:
    """What the monitor of odds counts and says, by name, each under `en` and `zh`."""
    return tomllib.loads(files("game.texts").joinpath("fairness.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def preferred_language(accept_language: str) -> Language:
    """The language that the reader weighs most (RFC 9110 12.5.4); English when neither is asked for."""
    weights = {"en": 0.0, "zh": 0.0}
    for offer in accept_language.split(",", RANGES_READ)[:RANGES_READ]:
        tag, _, parameter = offer.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in weights:
            weights[language] = max(weights[language], _weight(parameter))
    return Language.ZH if weights["zh"] > weights["en"] else Language.EN


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
