"""Codes that people pass on and type: random, read forgivingly, and found again by their digest.

In Crockford's base 32 (www.crockford.com/base32.html): letters that look like digits are read as those, and
case, blanks and hyphens do not count. What has 100 random bits needs no salt: nobody finds it by its digest.
"""

import hashlib
from typing import Final

CODE_BYTES: Final = 13
CHARACTERS: Final = 20
GROUP: Final = 5
BITS: Final = 5
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE: Final = str.maketrans("OIL", "011", " -")


def new_code(entropy: bytes) -> str:
    """A code of four groups from 13 random bytes, of which it keeps 100 bits."""
    assert len(entropy) == CODE_BYTES
    number = int.from_bytes(entropy) >> (8 * CODE_BYTES - BITS * CHARACTERS)
    letters = [_ALPHABET[number >> BITS * place & 31] for place in range(CHARACTERS)]
    return "-".join("".join(letters[at : at + GROUP]) for at in range(0, CHARACTERS, GROUP))


def digest_of(code: str) -> bytes | None:
    """What a code is stored and found as: 32 bytes, however it was typed; None: it is no such code."""
    letters = code.upper().translate(_ALIKE)
    if not code.isascii() or len(letters) != CHARACTERS or not set(letters) <= set(_ALPHABET):
        return None
    return hashlib.sha256(letters.encode()).digest()
