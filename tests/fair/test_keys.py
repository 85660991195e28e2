"""Key strings of signed notes, and keys for which anybody could sign."""

import pytest

from game.fair.keys import key_text, parse_key
from tests.support.points import LOW_ORDER

NAME = "draws.magpie.example/1"
ALGORITHM = b"\x01"
HONEST = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def test_a_key_string_is_read_as_it_was_written() -> None:
    """Name, id and key (the first of RFC 8032, 7.1) are those of the string."""
    key = parse_key(key_text(NAME, HONEST, algorithm=ALGORITHM), algorithm=ALGORITHM, kind="the log's key")
    assert (key.name, key.public_key.public_bytes_raw()) == (NAME, HONEST)


@pytest.mark.parametrize("point", LOW_ORDER)
def test_nobody_takes_a_key_under_which_anybody_can_sign(point: str) -> None:
    """One signature that needs no secret holds for every body under it."""
    text = key_text(NAME, bytes.fromhex(point), algorithm=ALGORITHM)
    with pytest.raises(ValueError, match="anybody could sign for the log's key"):
        parse_key(text, algorithm=ALGORITHM, kind="the log's key")
