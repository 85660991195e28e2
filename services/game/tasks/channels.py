"""Share channels, of which a brand may forbid some: the same one however it is spelt. Pure."""

import unicodedata
from typing import Final

SHARE: Final = "share.created"
CHANNEL: Final = "channel"


def folded(channel: str) -> str:
    """A channel as it is compared: whatever its case, the width of its letters, and blanks around it.

    Unicode's compatibility caseless matching (chapter 3.13), which leaves out what is not seen (Cf).
    """
    seen = "".join(each for each in channel if unicodedata.category(each) != "Cf")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold()).strip()
