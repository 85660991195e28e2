"""The beacon's calendar: drand quicknet (docs/fairdraw.md, section 4)."""

QUICKNET_CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
QUICKNET_GENESIS_SECONDS = 1_692_803_367
QUICKNET_PERIOD_SECONDS = 3
MIN_DELAY_ROUNDS = 2


def round_at(t_ms: int, delay_rounds: int) -> int:
    """The round that a seat logged at `t_ms` names: 3 to 6 s in the future for the least delay."""
    since_genesis_seconds = t_ms // 1000 - QUICKNET_GENESIS_SECONDS
    return since_genesis_seconds // QUICKNET_PERIOD_SECONDS + 1 + delay_rounds


def round_time_ms(round_: int) -> int:
    """When the value of a round becomes public."""
    return (QUICKNET_GENESIS_SECONDS + (round_ - 1) * QUICKNET_PERIOD_SECONDS) * 1000
