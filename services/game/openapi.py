"""`playfair openapi`: print the OpenAPI document, or write it to a file."""

import argparse
import sys
from pathlib import Path

from game.app import CONTROLLERS
from game.document import document


def main(arguments: list[str]) -> int:
    """Print or write the document; the exit code."""
    parser = argparse.ArgumentParser(prog="playfair openapi", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="where to write it; to the screen when not given")
    given = parser.parse_args(arguments)
    described = document(CONTROLLERS)
    if given.file is None:
        sys.stdout.write(described.decode())
    else:
        given.file.write_bytes(described)
    return 0
