"""Sealed values, and ids that follow the time."""

from uuid import RFC_4122

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from game.resources import uuid7
from game.vault import SEALING_BYTES, Vault

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
ENTROPY = bytes(range(100, 100 + SEALING_BYTES))
SECRET = b"the secret of a pool"


def sealed_directly(plain: bytes, *, purpose: str) -> bytes:
    """As values were sealed before they had data keys: under the key `k1` itself."""
    return b"\x02k1" + ENTROPY[:12] + AESGCM(OLD).encrypt(ENTROPY[:12], plain, purpose.encode())


@given(
    plain=st.binary(max_size=100),
    purpose=st.text(max_size=40),
    entropy=st.binary(min_size=SEALING_BYTES, max_size=SEALING_BYTES),
)
def test_what_is_sealed_opens_for_its_purpose(plain: bytes, purpose: str, entropy: bytes) -> None:
    """Sealing and opening are inverse."""
    vault = Vault({"k1": OLD})
    sealed = vault.seal(plain, purpose=purpose, entropy=entropy)
    assert vault.open(sealed, purpose=purpose) == plain


def test_the_layout_is_as_documented() -> None:
    """A zero, the key's id, the wrapped data key, then what the data key sealed, each with its nonce."""
    sealed = Vault({"k1": OLD}).seal(SECRET, purpose="pool:a", entropy=ENTROPY)
    assert sealed[:4] == b"\x00\x02k1"
    data_key = AESGCM(OLD).decrypt(sealed[4:16], sealed[16:64], b"pool:a")
    assert data_key == ENTROPY[:32]
    assert AESGCM(data_key).decrypt(sealed[64:76], sealed[76:], b"pool:a") == SECRET
    assert SECRET not in sealed


def test_older_values_open_and_become_envelopes() -> None:
    """What the key sealed itself is still good; rotation gives it a data key."""
    vault = Vault({"k1": OLD})
    before = sealed_directly(SECRET, purpose="pool:a")
    assert vault.open(before, purpose="pool:a") == SECRET
    after = vault.rewrapped(before, purpose="pool:a", entropy=ENTROPY)
    assert after.startswith(vault.prefix)
    assert vault.open(after, purpose="pool:a") == SECRET


def test_a_moved_value_neither_opens_nor_rotates() -> None:
    """The purpose names the row, so a value that was put into another row is found out."""
    vault = Vault({"k1": OLD})
    sealed = vault.seal(SECRET, purpose="pool:a", entropy=ENTROPY)
    for moved in (sealed, sealed_directly(SECRET, purpose="pool:a")):
        with pytest.raises(InvalidTag):
            vault.open(moved, purpose="pool:b")
        with pytest.raises(InvalidTag):
            vault.rewrapped(moved, purpose="pool:b", entropy=ENTROPY)


def test_a_value_that_was_cut_neither_opens_nor_rotates() -> None:
    """Wherever it ends: rotation says which rows are left, and goes on."""
    vault = Vault({"k1": OLD})
    for sealed in (
        vault.seal(SECRET, purpose="pool:a", entropy=ENTROPY),
        sealed_directly(SECRET, purpose="pool:a"),
    ):
        for end in range(len(sealed)):
            with pytest.raises((KeyError, InvalidTag)):
                vault.open(sealed[:end], purpose="pool:a")
        for end in range(64):
            with pytest.raises((KeyError, InvalidTag)):
                vault.rewrapped(sealed[: min(end, len(sealed) - 1)], purpose="pool:a", entropy=ENTROPY)


@pytest.mark.parametrize("place", [4, 16, 63, 64, 76, -1])
def test_a_changed_value_does_not_open(place: int) -> None:
    """A bit that was turned in a nonce, a ciphertext or a tag is found out."""
    vault = Vault({"k1": OLD})
    sealed = bytearray(vault.seal(SECRET, purpose="pool:a", entropy=ENTROPY))
    sealed[place] ^= 1
    with pytest.raises(InvalidTag):
        vault.open(bytes(sealed), purpose="pool:a")


def test_keys_rotate() -> None:
    """A data key that is wrapped anew leaves the payload as it is, and needs the old key no more."""
    old, both, new = Vault({"k1": OLD}), Vault({"k2": NEW, "k1": OLD}), Vault({"k2": NEW})
    before = old.seal(SECRET, purpose="p", entropy=ENTROPY)
    after = both.rewrapped(before, purpose="p", entropy=ENTROPY[::-1])
    assert before[64:] == after[64:]
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
