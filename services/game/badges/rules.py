"""What a player may make of the badges of a set: decided here for the trade and for what the app is told."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Literal, assert_never

import msgspec

from game.badges.drafts import PRICE_MAX, SetDraft
from game.errors import Conflict, Exhausted, Invalid, Refusal
from game.wire import Slug

TradeKind = Literal["exchange", "convert", "claim", "redeem"]
StockName = Literal["prize", "alternative", "convert"]


class Exchange(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="exchange", forbid_unknown_fields=True
):
    """Spare badges for a missing one of choice: as many as the set's `exchange_price`."""

    wanted: Slug
    spend: Annotated[tuple[Slug, ...], msgspec.Meta(max_length=PRICE_MAX)]


class Convert(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="convert", forbid_unknown_fields=True
):
    """A spare badge for points."""

    badge: Slug


class Claim(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="claim", forbid_unknown_fields=True
):
    """A missing badge of choice, after enough draws."""

    wanted: Slug


class Redeem(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="redeem", forbid_unknown_fields=True
):
    """A full set for its prize, or for the alternative once that is gone."""


Trade = Exchange | Convert | Claim | Redeem


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A player in a set: badges at hand, draws that were settled in the campaign, claims that were made."""

    held: Mapping[str, int]
    draws: int
    claims: int

    def missing(self, terms: SetDraft) -> tuple[str, ...]:
        """The badges of the set that the player has none of."""
        return tuple(badge for badge in terms.badges if not self.held.get(badge))

    def spare(self, terms: SetDraft) -> dict[str, int]:
        """How many of each badge the player has beyond the first; no entry: none."""
        return {badge: self.held[badge] - 1 for badge in terms.badges if self.held.get(badge, 0) > 1}


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a set."""

    prize: int
    alternative: int
    convert: int


class Gives(msgspec.Struct, frozen=True, kw_only=True):
    """What a trade gives; `item` is the badge, the batch of a voucher, or the set whose goods they are."""

    kind: Literal["points", "chances", "voucher", "goods", "badge"]
    amount: int
    item: str | None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a trade costs and gives; `takes` is the stock that it takes one unit of, None: none."""

    spends: Mapping[str, int]
    gives: Gives
    takes: StockName | None


def decide(set_id: str, terms: SetDraft, standing: Standing, stock: Stock, trade: Trade) -> Decision:
    """What comes of a trade. Raises the refusal where it cannot be."""
    match trade:
        case Exchange():
            return _exchange(terms, standing, trade)
        case Convert():
            return _convert(terms, standing, stock, trade)
        case Claim():
            return _claim(terms, standing, trade)
        case Redeem():
            return _redeem(set_id, terms, standing, stock)
        case _:
            assert_never(trade)


def likely(terms: SetDraft, standing: Standing) -> dict[TradeKind, Trade]:
    """A trade of each kind, such as the player could ask for now."""
    missing, spare = standing.missing(terms), list(Counter(standing.spare(terms)).elements())
    wanted = missing[0] if missing else terms.badges[0]
    return {
        "exchange": Exchange(wanted=wanted, spend=tuple(spare[: terms.exchange_price])),
        "convert": Convert(badge=spare[0] if spare else terms.badges[0]),
        "claim": Claim(wanted=wanted),
        "redeem": Redeem(),
    }


def refusal(set_id: str, terms: SetDraft, standing: Standing, stock: Stock, trade: Trade) -> Refusal | None:
    """Why a trade cannot be; None: it can."""
    try:
        decide(set_id, terms, standing, stock, trade)
    except Refusal as reason:
        return reason
    return None


def pays_now(set_id: str, terms: SetDraft, stock: Stock) -> Gives | None:
    """What a full set is redeemed for as things stand; None: all is gone."""
    if stock.prize > 0:
        prize = terms.prize
        item = set_id if prize.kind == "goods" else prize.voucher_batch
        return Gives(kind=prize.kind, amount=prize.amount, item=item)
    if stock.alternative > 0:
        return Gives(kind=terms.alternative.kind, amount=terms.alternative.amount, item=None)
    return None


def claims_left(terms: SetDraft, standing: Standing) -> int:
    """How many missing badges the player may claim now."""
    assert terms.guarantee_draws is not None, "no set without a guaranteed path"
    return standing.draws // terms.guarantee_draws - standing.claims


def draws_at_most(terms: SetDraft, standing: Standing) -> int:
    """After how many more draws at most the set can be completed, however they fall."""
    assert terms.guarantee_draws is not None, "no set without a guaranteed path"
    bought = sum(standing.spare(terms).values()) // terms.exchange_price if terms.exchange_price else 0
    wanting = len(standing.missing(terms)) - bought
    if wanting <= 0:
        return 0
    return max(0, terms.guarantee_draws * (wanting + standing.claims) - standing.draws)


def check_gift(terms: SetDraft, standing: Standing, badge: str) -> None:
    """Raise Conflict unless the player may give this badge away."""
    if not terms.gifts:
        raise not_offered("gift")
    _check_spare(terms, standing, {badge: 1})


def gift_refusal(terms: SetDraft, standing: Standing) -> Refusal | None:
    """Why the player can give no badge of the set away; None: one can be given."""
    try:
        check_gift(terms, standing, next(iter(standing.spare(terms)), terms.badges[0]))
    except Refusal as reason:
        return reason
    return None


def _check_spare(terms: SetDraft, standing: Standing, spends: Mapping[str, int]) -> None:
    """Raise Conflict `not_spare` unless the player has these beyond one of each."""
    spare = standing.spare(terms)
    for badge, count in spends.items():
        if count > spare.get(badge, 0):
            raise Conflict(
                "not_spare",
                "Only badges beyond the first are spare.",
                badge=badge,
                spare=spare.get(badge, 0),
                asked=count,
            )


def _exchange(terms: SetDraft, standing: Standing, trade: Exchange) -> Decision:
    if terms.exchange_price is None:
        raise not_offered("exchange")
    _check_missing(terms, standing, trade.wanted)
    if len(trade.spend) != terms.exchange_price:
        price = terms.exchange_price
        raise Conflict(
            "wrong_price", f"It costs {price} spare badges.", price=price, offered=len(trade.spend)
        )
    spends = Counter(trade.spend)
    _check_spare(terms, standing, spends)
    return Decision(spends=spends, gives=Gives(kind="badge", amount=1, item=trade.wanted), takes=None)


def _convert(terms: SetDraft, standing: Standing, stock: Stock, trade: Convert) -> Decision:
    if terms.convert is None:
        raise not_offered("convert")
    spends = {trade.badge: 1}
    _check_spare(terms, standing, spends)
    if stock.convert < 1:
        raise Exhausted("set_sold_out", "No more badges are converted.", left=0)
    gives = Gives(kind="points", amount=terms.convert.points, item=None)
    return Decision(spends=spends, gives=gives, takes="convert")


def _claim(terms: SetDraft, standing: Standing, trade: Claim) -> Decision:
    _check_missing(terms, standing, trade.wanted)
    if claims_left(terms, standing) < 1:
        raise Conflict(
            "no_claim_yet",
            "A missing badge can be claimed after more draws.",
            guarantee_draws=terms.guarantee_draws,
            draws=standing.draws,
            claims=standing.claims,
        )
    return Decision(spends={}, gives=Gives(kind="badge", amount=1, item=trade.wanted), takes=None)


def _redeem(set_id: str, terms: SetDraft, standing: Standing, stock: Stock) -> Decision:
    if missing := standing.missing(terms):
        raise Conflict("set_incomplete", "Badges of the set are missing.", missing=list(missing))
    gives = pays_now(set_id, terms, stock)
    if gives is None:
        raise Exhausted("set_sold_out", "The prizes of the set are gone, and the alternatives too.", left=0)
    takes: StockName = "prize" if stock.prize > 0 else "alternative"
    return Decision(spends=dict.fromkeys(terms.badges, 1), gives=gives, takes=takes)


def _check_missing(terms: SetDraft, standing: Standing, wanted: str) -> None:
    if wanted not in terms.badges:
        raise Invalid(
            "rule_broken", "$.wanted: a badge of the set", field="$.wanted", rule="a badge of the set"
        )
    if standing.held.get(wanted):
        raise Conflict("badge_not_missing", "The player has this badge.", badge=wanted)


def set_closed(until_ms: int) -> Conflict:
    """Nothing can be made of the set's badges any more."""
    return Conflict("set_closed", "The time for the set's badges is over.", until_ms=until_ms)


def badges_changed() -> Conflict:
    """The player's badges are not what they were when it was decided."""
    return Conflict("badges_changed", "A badge was taken back meanwhile; look again.")


def not_offered(kind: str) -> Conflict:
    """The set's published policy has nothing of this kind."""
    return Conflict("not_offered", f"The set's policy has no {kind}.", kind=kind)
