"""What an auditor says when something is not as the protocol has it."""

# How a finding begins that sets one signed checkpoint against another.
REWRITTEN = "REWRITTEN"
ROLLED_BACK = "ROLLED BACK"


class Finding(Exception):
    """Something a log, a receipt or a prize table got wrong.

    `check` is the number in section 9 of docs/fairdraw.md. `entry` is the index at which it shows, None
    for a log as a whole or for an entry that is not logged yet. `field` is the path of the field that is
    at fault ("rows[2].else"), None where no single one is.
    """

    def __init__(self, check: int, says: str, *, entry: int | None = None, field: str | None = None) -> None:
        super().__init__(says)
        self.check = check
        self.says = says
        self.entry = entry
        self.field = field
