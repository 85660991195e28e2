"""What comes over the wire: constrained texts, and the strict decoding of JSON bodies."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from game.errors import Invalid, Malformed, UnsupportedMedia

JSON = "application/json"
BODY_TYPES_CACHED = 256
RULE_AND_PATH = re.compile(r"(?P<rule>.*?)(?: - at `(?P<path>.*)`)?", re.DOTALL)
# An escaped NUL is well-formed JSON and a valid text, but PostgreSQL cannot store it.
ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

# `$` alone would let a final line break pass in Python.
LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$(?!\n)"
PARAGRAPHS = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]+$"

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=LINE)]
"""One line of text for people: 1 to 200 characters, none of them a control character."""

Paragraphs = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000, pattern=PARAGRAPHS)]
"""Longer text for people: 1 to 20,000 characters; line breaks and tabs are the only control characters."""

Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=r"^[a-z0-9-]{1,32}$(?!\n)")]
"""A name for machines."""

Instant = Annotated[
    datetime, msgspec.Meta(tz=True, description="RFC 3339", examples=["2027-02-06T00:00:00+08:00"])
]
"""A moment, with its offset from UTC."""

SubjectName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._~-]{1,64}$(?!\n)")]
"""A brand's own name of a person, as its tokens have it."""


@lru_cache(maxsize=BODY_TYPES_CACHED)
def _decoder(body_type: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(body_type)


def decode_body(body: bytes, body_type: Any) -> Any:
    """The value of a JSON body, strictly: no text is taken for a number, nothing unknown is ignored.

    Raises Malformed (`malformed_body`) for what is not JSON and Invalid (`invalid_body`, with `field` and
    `rule`) for what breaks a rule of the type.
    """
    if b"\\u0000" in body and ESCAPED_NUL.search(body):  # the first is much faster
        raise Invalid("invalid_body", "Texts may not contain NUL.", field="$", rule="no \\u0000 in texts")
    try:
        return _decoder(body_type).decode(body)
    except msgspec.ValidationError as error:
        raise invalid_body(str(error)) from None
    except RecursionError:
        raise Malformed("malformed_body", "The JSON is nested too deeply.") from None
    except ValueError as error:  # msgspec.DecodeError, or UnicodeDecodeError
        raise Malformed("malformed_body", f"The body is not JSON: {error}") from None


def invalid_body(message: str) -> Invalid:
    """The refusal for a message of msgspec, such as ``Expected `int` >= 1 - at `$.rows[0].weight` ``."""
    match = RULE_AND_PATH.fullmatch(message)
    assert match is not None
    path, rule = match["path"] or "$", match["rule"]
    return Invalid("invalid_body", f"{path}: {rule}", field=path, rule=rule)


def body_required() -> Invalid:
    """The refusal of a request without a body where one is needed."""
    return Invalid("invalid_body", "A JSON body is required.", field="$", rule="required")


def check_media_type(content_type: str) -> None:
    """Raise UnsupportedMedia unless a body is said to be JSON."""
    if content_type != JSON:
        raise UnsupportedMedia(
            "unsupported_media_type", f"Send the body as Content-Type: {JSON}.", supported=[JSON]
        )
