"""What players were told: every answer that showed a play, in the order in which it was heard."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, exactly as it came. `view` is the decoded JSON of a play, `play_id` its id on the wire.

    `key` is the Idempotency-Key that was sent, None where the play was looked up or listed.
    """

    campaign_id: str
    play_id: str
    subject: str
    key: str | None
    view: Mapping[str, Any]


class Heard:
    """Collects what is told; iterate over it to get it all, oldest first."""

    def __init__(self) -> None:
        self._told: list[Told] = []

    def hear(self, view: Mapping[str, Any], *, subject: str, key: str | None) -> None:
        """Keep one answer that shows a play: of a play request, a lookup, a scratch or a list."""
        told = Told(campaign_id=view["campaign"], play_id=view["id"], subject=subject, key=key, view=view)
        self._told.append(told)

    def __iter__(self) -> Iterator[Told]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)
