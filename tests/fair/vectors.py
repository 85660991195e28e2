"""The protocol's own test vectors (tests/vectors/fairdraw)."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.fair.note import Verifier

FOLDER = Path(__file__).parents[1] / "vectors" / "fairdraw"
VALUES: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text())
ATTACKS: list[dict[str, Any]] = json.loads((FOLDER / "attacks" / "index.json").read_text())
LINES = (FOLDER / "log.jsonl").read_bytes().splitlines()
ENTRIES: list[dict[str, Any]] = [json.loads(line) for line in LINES]
CHECKPOINT = (FOLDER / "checkpoint").read_bytes()
OLD_CHECKPOINT = (FOLDER / "checkpoint.old").read_bytes()
RECEIPT = (FOLDER / "receipt.tlog-proof").read_text()
ORIGIN: str = VALUES["origin"]
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VALUES["ed25519_seed"]))
VERIFIER = Verifier.parse(VALUES["vkey"])
SECRETS = {pool["entry"]: bytes.fromhex(pool["secret"]) for pool in VALUES["pools"]}
SIGNATURES = {entry["round"]: bytes.fromhex(entry["sig"]) for entry in ENTRIES if entry["k"] == "beacon"}
EARLY_ROUND = 657413
LATE_ROUND = 8550012
EARLY_MS = 1694775597400
"""A time at which a seat with the least delay names EARLY_ROUND."""
