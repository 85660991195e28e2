"""What the embedded run tells whoever started it."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.auth import Role
from game.embedded.issuer import mint
from game.settings import Settings

PEOPLE = {"alice": Role.PLAYER, "mei": Role.MANAGER, "wei": Role.AUDITOR}
TEXT = """
Playfair is ready:  {url}
API page:           {url}/docs

Tokens, good for an hour (`playfair token --role player --subject alice` makes another):
{tokens}

Try:
  curl -s {url}/v1/campaigns
  curl -s {url}/v1/me -H "Authorization: Bearer $PLAYER"
  curl -s {url}/health/ready

Data and logs: {folder}. Ctrl-C stops everything; the data stay, `--fresh` forgets them.
"""


def welcome(settings: Settings, key: Ed25519PrivateKey, folder: Path, *, now_seconds: int) -> str:
    """The address, a token for each kind of person, and commands that work as they stand."""
    tokens = [
        f"  {role.value.upper()}="
        + mint(key, subject=subject, role=role, audience=settings.token_audience, now_seconds=now_seconds)
        for subject, role in PEOPLE.items()
    ]
    return TEXT.format(url=settings.public_url, tokens="\n".join(tokens), folder=folder)
