"""Sealed values, and ids that follow the time."""

from uuid import RFC_4122

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from game.resources import uuid7
from game.vault import NONCE_BYTES, Vault

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
NONCE = bytes(NONCE_BYTES)
SECRET = b"the secret of a pool"


@given(plain=st.binary(max_size=100), purpose=st.text(max_size=40), nonce=st.binary(min_size=12, max_size=12))
def test_what_is_sealed_opens_for_its_purpose(plain: bytes, purpose: str, nonce: bytes) -> None:
    """Sealing and opening are inverse."""
    vault = Vault({"k1": OLD})
    sealed = vault.seal(plain, purpose=purpose, nonce=nonce)
    assert vault.open(sealed, purpose=purpose) == plain


def test_the_layout_is_as_documented() -> None:
    """Length of the key's id, the id, the nonce, the ciphertext with its tag of 16 bytes."""
    sealed = Vault({"k1": OLD}).seal(SECRET, purpose="pool:a", nonce=NONCE)
    assert sealed[:3] == b"\x02k1"
    assert sealed[3:15] == NONCE
    assert len(sealed) == 15 + len(SECRET) + 16
    assert SECRET not in sealed


def test_a_moved_value_does_not_open() -> None:
    """The purpose names the row, so a value that was put into another row is found out."""
    vault = Vault({"k1": OLD})
    sealed = vault.seal(SECRET, purpose="pool:a", nonce=NONCE)
    with pytest.raises(InvalidTag):
        vault.open(sealed, purpose="pool:b")


@pytest.mark.parametrize("place", [3, 15, -1])
def test_a_changed_value_does_not_open(place: int) -> None:
    """A bit that was turned in the nonce, the ciphertext or the tag is found out."""
    vault = Vault({"k1": OLD})
    sealed = bytearray(vault.seal(SECRET, purpose="pool:a", nonce=NONCE))
    sealed[place] ^= 1
    with pytest.raises(InvalidTag):
        vault.open(bytes(sealed), purpose="pool:a")


def test_keys_rotate() -> None:
    """The first key seals, any opens, and a value under a key that is gone says which key it wants."""
    old, both, new = Vault({"k1": OLD}), Vault({"k2": NEW, "k1": OLD}), Vault({"k2": NEW})
    before = old.seal(SECRET, purpose="p", nonce=NONCE)
    after = both.seal(SECRET, purpose="p", nonce=NONCE)
    assert both.open(before, purpose="p") == new.open(after, purpose="p") == SECRET
    with pytest.raises(KeyError, match="k1"):
        new.open(before, purpose="p")


def test_a_vault_does_not_show_its_keys() -> None:
    """A vault that ends up in a log line says nothing."""
    assert repr(Vault({"k1": OLD})) == "Vault()"


def test_the_example_of_rfc_9562() -> None:
    """Appendix A.6: the time 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F."""
    entropy = bytes.fromhex("0cc318c4dc0c0c07398f")
    assert str(uuid7(0x017F22E279B0, entropy)) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(now_ms=st.integers(0, 2**48 - 1), entropy=st.binary(min_size=10, max_size=10))
def test_every_uuid7_has_its_version_variant_and_time(now_ms: int, entropy: bytes) -> None:
    """Version 7, the RFC's variant, and the milliseconds in the first 48 bits."""
    made = uuid7(now_ms, entropy)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == now_ms


@given(
    times=st.lists(st.integers(0, 2**48 - 1), min_size=2, max_size=2, unique=True),
    entropy=st.lists(st.binary(min_size=10, max_size=10), min_size=2, max_size=2),
)
def test_uuid7s_are_ordered_by_time(times: list[int], entropy: list[bytes]) -> None:
    """Whatever their random bits, the later id is the greater one."""
    early, late = sorted(times)
    assert uuid7(early, entropy[0]) < uuid7(late, entropy[1])
