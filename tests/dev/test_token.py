"""`playfair token`: tokens that the key set of the same data folder verifies."""

from pathlib import Path

import jwt
import pytest

from game.__main__ import main
from game.embedded.issuer import ISSUER, key_set
from game.embedded.secrets import keep_secrets


def test_a_token_says_who_and_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It verifies by the key that its header names, for the service's audience, and not for long."""
    key = keep_secrets(tmp_path).issuer()
    assert main(["token", "--role", "player", "--subject", "alice", "--data", str(tmp_path)]) == 0
    token = capsys.readouterr().out.strip()
    public = jwt.PyJWKSet.from_dict(key_set(key))[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, public, algorithms=["EdDSA"], audience="playfair", issuer=ISSUER)
    assert (claims["sub"], claims["roles"]) == ("alice", ["player"])
    assert 0 < claims["exp"] - claims["iat"] <= 3_600


def test_key_set_has_no_private_part(tmp_path: Path) -> None:
    """What the brand publishes cannot sign."""
    (public,) = key_set(keep_secrets(tmp_path).issuer())["keys"]
    assert "d" not in public


def test_a_folder_without_a_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says what to do first."""
    assert main(["token", "--role", "player", "--subject", "alice", "--data", str(tmp_path)]) == 1
    assert "Did `playfair dev` run with this data folder?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["token", "--role", "king", "--subject", "alice"],
        ["token", "--role", "player", "--subject", "alice in wonderland"],
    ],
)
def test_wrong_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With usage, and the exit code of wrong usage."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err
