"""Codes that people pass on: made of 100 random bits, read as they are typed, found by their digest."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.passcodes import CODE_BYTES, digest_of, new_code


@given(st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES))
def test_a_code_has_the_entropy_that_it_is_made_of(entropy: bytes) -> None:
    """Four groups of five letters, whose 100 bits are the first of the random ones."""
    code = new_code(entropy)
    letters = code.replace("-", "")
    bits = "".join(f"{'0123456789ABCDEFGHJKMNPQRSTVWXYZ'.index(each):05b}" for each in reversed(letters))
    assert bits == f"{int.from_bytes(entropy):0104b}"[:100]
    assert [len(group) for group in code.split("-")] == [5] * 4
    assert digest_of(code) == hashlib.sha256(letters.encode()).digest()


@given(st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES))
def test_how_it_is_typed_does_not_matter(entropy: bytes) -> None:
    """Case, blanks, hyphens, and letters that look like digits."""
    code = new_code(entropy)
    typed = code.lower().replace("-", "  ").replace("0", "O").replace("1", "i")
    assert digest_of(typed) == digest_of(typed.replace("i", "L")) == digest_of(code)


@pytest.mark.parametrize("typed", ["", "0" * 19, "0" * 21, "U" * 20, "0" * 19 + "!", "٠" * 20, "ß" * 10])
def test_what_is_no_code(typed: str) -> None:
    """It has no digest, so nobody looks for it."""
    assert digest_of(typed) is None
