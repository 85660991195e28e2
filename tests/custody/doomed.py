"""A rotation that kills itself once it has run so many statements: `python -m tests.custody.doomed COUNT`."""

import sys

from game.rotate_keys import main
from tests.support.dying import die_after

if __name__ == "__main__":
    die_after(int(sys.argv[1]))
    sys.exit(main([]))
