"""What the embedded run tells whoever started it."""

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.auth import Role
from game.embedded.issuer import mint
from game.settings import Settings

PEOPLE = {"alice": Role.PLAYER, "mei": Role.MANAGER, "wei": Role.AUDITOR}
TEXT = """
Playfair is ready:  {url}
API page:           {url}/docs

Tokens, good for an hour:
{tokens}
This makes another, for whom you like:
  {program} token --role player --subject alice --data {folder}
And this issues points, to a player or to the budget of a campaign that you want to launch:
  {program} fund player:demo.alice 1000 --data {folder}

Campaigns, with rules, odds and stock:
{campaigns}

Play the wheel: see the anchor, choose a seed (any 16 bytes or more), spin. Paste the token lines first, then:
  POOL={url}/v1/campaigns/{wheel}/pools/wheel-1
  curl -s -X POST $POOL/anchors -H "Authorization: Bearer $PLAYER"
  curl -s $POOL/seats -H "Authorization: Bearer $PLAYER" -H "Content-Type: application/json" \\
    -d '{{"seed": "{seed}"}}'
  curl -s $POOL/plays -H "Authorization: Bearer $PLAYER" -H "Content-Type: application/json" \\
    -H "Idempotency-Key: $(date +%s)" -d '{{"count": 1, "pay_with": "points"}}'

Tasks, badges and a board: send an event, signed, as a system of the brand would, and see what came of it:
  {program} send-event demo.demo checkin.created place=gate --subject alice \\
    --url {url} --data {folder}
  ME={url}/v1/campaigns/{festival}/me
  for WHAT in tasks streaks badges boards/visitors; do
    curl -s $ME/$WHAT -H "Authorization: Bearer $PLAYER"; echo
  done

Data and logs: {folder}. Ctrl-C stops everything; the data stay, `--fresh` forgets them.
"""


def welcome(
    settings: Settings, key: Ed25519PrivateKey, pools: Mapping[str, str], folder: Path, *, now_seconds: int
) -> str:
    """The address, a token for each kind of person, and commands that work as they stand.

    `pools` names the campaign of each pool of the demonstration.
    """
    tokens = [
        f"  {role.value.upper()}="
        + mint(key, subject=subject, role=role, audience=settings.token_audience, now_seconds=now_seconds)
        for subject, role in PEOPLE.items()
    ]
    return TEXT.format(
        url=settings.public_url,
        program=Path(sys.executable).with_name("playfair"),
        tokens="\n".join(tokens),
        campaigns="\n".join(f"  {settings.public_url}/v1/campaigns/{id_}" for id_ in pools.values()),
        wheel=pools["wheel-1"],
        festival=pools["lanterns-1"],
        # The same seed at every start, so that the lines still work when the seat is open.
        seed=hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:32],
        folder=folder,
    )
