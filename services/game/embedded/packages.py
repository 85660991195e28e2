"""Where the programs lie that come inside of Python packages."""

import importlib.util
from pathlib import Path

from game.embedded.child import ChildError


def package_folder(package: str) -> Path:
    """An installed package's folder, found without importing it; ChildError when it is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ChildError(f"The package {package} is not installed: install playfair[embedded]")
    return Path(spec.origin).parent
