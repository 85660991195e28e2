"""Faults of what players were told."""

import msgspec

from game.audit.service import log_signer
from game.fair.entries import leaf_hash
from game.fair.merkle import inclusion_proof, root
from game.fair.receipt import encode_receipt
from tests.invariants import answers
from tests.invariants.flight import no_play_is_in_review
from tests.invariants.money import refused_are_not_charged
from tests.invariants.plants import trips
from tests.invariants.scene import Scene
from tests.invariants.told import Told


def _another(scene: Scene) -> Told:
    """Of another play of the same player in the same pool."""
    (found,) = [told for told in scene.told if told.key == "key-6"]
    return found


def _refused(scene: Scene) -> Told:
    (found,) = [told for told in scene.told if told.key == "poor"]
    return found


@trips(answers.told_plays_are_kept)
async def a_told_play_was_lost(scene: Scene) -> None:
    """The commit did not last: no such play is stored."""
    scene.retell(scene.single, play_id=f"{scene.campaign_id}-{'0' * 32}")


@trips(answers.told_plays_are_kept)
async def a_play_was_told_to_a_stranger(scene: Scene) -> None:
    """It is another player's."""
    scene.retell(scene.single, subject="bob")


@trips(answers.told_plays_are_kept)
async def another_price_was_told(scene: Scene) -> None:
    """Not what the play costs."""
    scene.retell(scene.single, view={"price_points": 1})


@trips(answers.told_plays_are_kept, answers.keys_are_one_play_each)
async def one_key_made_two_plays(scene: Scene) -> None:
    """A retry was played anew."""
    scene.retell(_another(scene), key="key-5")


@trips(answers.final_states_stay)
async def a_refused_play_was_settled_later(scene: Scene) -> None:
    """First "too few points", then an outcome."""
    told = _refused(scene)
    scene.told.append(msgspec.structs.replace(told, view={**told.view, "state": "settled"}))


@trips(answers.final_states_stay, no_play_is_in_review)
async def a_refused_play_is_open_again(scene: Scene) -> None:
    """The row is not what was told."""
    await scene.play("state = 'review', finished_ms = NULL", scene.refused)


@trips(answers.final_states_stay, refused_are_not_charged)
async def a_charged_play_was_told_to_be_cancelled(scene: Scene) -> None:
    """A timeout was taken for a failure."""
    told = scene.single
    view = {**told.view, "state": "cancelled", "draws": []}
    scene.told.insert(0, msgspec.structs.replace(told, view=view))


@trips(answers.outcomes_are_shown_once)
async def a_retry_was_answered_anew(scene: Scene) -> None:
    """The play was settled at another time than it was before."""
    told = scene.single
    scene.told.append(
        msgspec.structs.replace(told, view={**told.view, "finished_at": "2026-01-01T00:00:00Z"})
    )


@trips(answers.outcomes_are_shown_once)
async def a_retry_showed_another_face(scene: Scene) -> None:
    """The wheel stopped elsewhere."""
    told = scene.single
    scene.told.append(told)
    scene.retell_draw(told, face={"turns": 0})


@trips(answers.shown_is_as_logged)
async def another_prize_was_told(scene: Scene) -> None:
    """Not the row that the draw paid."""
    outcome = scene.single.view["draws"][0]["outcome"]
    scene.retell_draw(scene.single, outcome={**outcome, "amount": outcome["amount"] + 1})


@trips(answers.shown_is_as_logged)
async def another_entry_was_told(scene: Scene) -> None:
    """Not the bytes of the log."""
    scene.retell_draw(scene.single, entry=_another(scene).view["draws"][0]["entry"])


@trips(answers.shown_is_as_logged)
async def a_draw_was_left_out(scene: Scene) -> None:
    """The play has two."""
    scene.retell(scene.single, view={"draws": scene.single.view["draws"][:1]})


@trips(answers.receipts_hold)
async def a_receipt_is_another_draws(scene: Scene) -> None:
    """It does not prove this entry."""
    scene.retell_draw(scene.single, receipt=_another(scene).view["draws"][0]["receipt"])


@trips(answers.receipts_hold)
async def a_receipt_is_of_another_history(scene: Scene) -> None:
    """The entry before the draw was rewritten after the draw was told, and the checkpoint was signed."""
    index: int = scene.single.view["draws"][0]["entry_index"]
    entries = await scene.resources.pool.fetch("SELECT entry FROM log_entry ORDER BY entry_index")
    leaves = [leaf_hash(row["entry"]) for row in entries[: index + 1]]
    leaves[index - 1] = leaf_hash(b"rewritten")
    signer = await log_signer(scene.resources, scene.campaign_id)
    note = signer.checkpoint(len(leaves), root(leaves)).encode()
    forked = encode_receipt(index, inclusion_proof(leaves, index), note)
    scene.retell_draw(scene.single, receipt=forked)


@trips(answers.balances_told_are_the_ledgers)
async def another_balance_was_told(scene: Scene) -> None:
    """Not what the debit left."""
    scene.retell(scene.single, view={"balance_points": scene.single.view["balance_points"] + 1})
