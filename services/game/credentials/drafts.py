"""What managers and players say of credentials."""

from typing import Annotated

import msgspec

from game.credentials.rules import Language
from game.wire import Line

HttpsUrl = Annotated[str, msgspec.Meta(pattern=r"^https://[!-~]{1,500}$(?!\n)")]
Email = Annotated[
    str,
    msgspec.Meta(pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,189}$(?!\n)", examples=["badges@example.com"]),
]


class IssuerDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who issues a brand's badges, as everybody may know it. The picture is an address, never markup."""

    name: Line
    url: HttpsUrl
    email: Email | None = None
    image_url: HttpsUrl | None = None


class ExportWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The language of the credential, and the address by which its holder can be recognised.

    Only a salted hash of the address is in the credential, and nothing of it is stored. It is the
    player's own word: nothing checks it. Without one nobody is named.
    """

    language: Language
    email: Email | None = None
