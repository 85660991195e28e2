"""Kinds of operations and of breaks, and how it is told what is wrong with an operation of a kind."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

import msgspec

CaseKind = Literal["debit", "credit", "reward", "return", "repair"]

REFUSED: Final = frozenset({"rejected", "expired", "fenced"})


class Kind(StrEnum):
    """How we and the ledger disagree."""

    OURS_ONLY = "ours_only"
    THEIRS_ONLY = "theirs_only"
    AMOUNT_DIFFERS = "amount_differs"
    ACCOUNT_DIFFERS = "account_differs"
    PLAY_WITHOUT_CHARGE = "play_without_charge"
    CHARGE_WITHOUT_PLAY = "charge_without_play"
    PRIZE_WITHOUT_CREDIT = "prize_without_credit"
    CREDIT_WITHOUT_PRIZE = "credit_without_prize"
    RETURN_WITHOUT_REVERSAL = "return_without_reversal"
    REVERSAL_WITHOUT_RETURN = "reversal_without_return"
    REPAIR_WITHOUT_CHARGE = "repair_without_charge"
    CHARGE_WITHOUT_REPAIR = "charge_without_repair"
    DEBIT_IN_DOUBT = "debit_in_doubt"
    UNRECORDED = "unrecorded"
    TOTALS_DIFFER = "totals_differ"


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What a debit is for, in which states of that it was charged, and which break it is otherwise."""

    noun: str
    charged: frozenset[str]
    missing: Kind
    groundless: Kind


CHARGES: Final[Mapping[str, Charge]] = {
    "debit": Charge(
        noun="play",
        charged=frozenset({"paid", "settled", "review"}),
        missing=Kind.PLAY_WITHOUT_CHARGE,
        groundless=Kind.CHARGE_WITHOUT_PLAY,
    ),
    "repair": Charge(
        noun="repair",
        charged=frozenset({"applied"}),
        missing=Kind.REPAIR_WITHOUT_CHARGE,
        groundless=Kind.CHARGE_WITHOUT_REPAIR,
    ),
}


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How it is told what is wrong with an operation of a kind, and which states are under way."""

    groundless: Kind
    did_for_nothing: str
    missing: Kind
    happened: str
    remedy: str
    under_way: frozenset[str]


_CREDIT: Final = Terms(
    groundless=Kind.CREDIT_WITHOUT_PRIZE,
    did_for_nothing="paid a prize nobody won",
    missing=Kind.PRIZE_WITHOUT_CREDIT,
    happened="A prize was won, and its credit",
    remedy="Fund the budget: it is paid under a new id as soon as that is enough.",
    under_way=frozenset({"due"}),
)
TERMS: Final[Mapping[str, Terms]] = {
    "credit": _CREDIT,
    "reward": msgspec.structs.replace(
        _CREDIT,
        did_for_nothing="paid a reward nobody was given",
        happened="A reward was given, and its credit",
    ),
    "return": Terms(
        groundless=Kind.RETURN_WITHOUT_REVERSAL,
        did_for_nothing="took points that nobody had to return",
        missing=Kind.REVERSAL_WITHOUT_RETURN,
        happened="A reward was taken back, and the return of its points",
        remedy="The player had too few: what there is will be asked for, and the rest is owed.",
        under_way=REFUSED | {"due"},
    ),
}
