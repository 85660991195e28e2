"""Words from outside, as a terminal may show them."""


def plain(words: str) -> str:
    """The same in one line, with all escaped that would move the cursor, or hide text or turn it around.

    Whoever is checked does not write the verdict.
    """
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in words)
