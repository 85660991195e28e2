"""`playfair send-event`, and the same with openssl and curl as the README has it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from game.__main__ import main
from game.app import build_app
from game.resources import system_clock
from game.send_event import KEY_VARIABLE
from ledger_client.testing import FakeLedger
from tests.support.app import settings_for
from tests.support.databases import Databases
from tests.support.embedded_run import embedded_run
from tests.support.server import serving
from tests.support.tokens import Issuer

README = Path(__file__).parents[2] / "README.md"


class Shop(msgspec.Struct, frozen=True):
    """A source of the brand `acme` on a real server."""

    url: str
    key: str


@pytest.fixture
def shop(databases: Databases, database_url: str, redis_url: str) -> Iterator[Shop]:
    """The source `acme.shop`."""
    issuer = Issuer("acme")
    databases.wait_for(issuer.insert_brand(database_url))
    with serving(
        build_app(settings_for(database_url, redis_url), ledger=FakeLedger(now_ms=system_clock))
    ) as url:
        manage, headers = f"{url}/v1/manage/webhook-sources/shop", issuer.headers("mia", "manager")
        httpx.put(manage, json={"title": "Shop"}, headers=headers).raise_for_status()
        added = httpx.post(f"{manage}/keys", json={"kind": "secret"}, headers=headers)
        yield Shop(url, added.json()["secret"])


def test_an_event_is_sent(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the key from a file or from the environment; sent again, it is a duplicate, and that is fine."""
    (tmp_path / "key").write_text(f"{shop.key}\n")
    event = ["send-event", "acme.shop", "review.created", "item=tea", "rating=5", "verified_purchase=true",
             "--subject", "ann", "--occurrence", "1", "--sequence", "7", "--url", shop.url]  # fmt: skip
    assert main([*event, "--key-file", str(tmp_path / "key")]) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["state"] == "stored"
    monkeypatch.setenv(KEY_VARIABLE, shop.key)
    assert main(event) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["state"] == "duplicate"


def test_what_is_refused_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service's answer, a key that is none, and an attribute without a value."""
    event = ["send-event", "acme.shop", "review.created", "--subject", "ann", "--url", shop.url]
    monkeypatch.setenv(KEY_VARIABLE, shop.key)
    assert main([*event, "item=tea", "rating=6"]) == 1
    assert "$.data.rating" in capsys.readouterr().err
    monkeypatch.setenv(KEY_VARIABLE, "whsec_secret")
    assert main(event) == 1
    told = capsys.readouterr().err
    assert "base64" in told
    assert "whsec_secret" not in told
    with pytest.raises(SystemExit):
        main([*event, "rating"])


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl and openssl")
def test_the_example_of_the_readme(shop: Shop) -> None:
    """What integrators copy works as it stands, with their key and address."""
    [example] = re.findall(r"```sh\n(KEY=.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    script = re.sub(r"^KEY=.*$", f"KEY='{shop.key}'", example, flags=re.MULTILINE)
    script = re.sub(r"^URL=.*$", f"URL='{shop.url}/v1/webhooks/acme.shop'", script, flags=re.MULTILINE)
    done = subprocess.run(["sh", "-eu", "-c", script], check=True, capture_output=True, timeout=60)
    assert msgspec.json.decode(done.stdout)["state"] == "stored"


def test_the_embedded_run_takes_events(open_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line that it prints works out of the box, at its second start too."""
    data = open_folder / "data"
    for _ in range(2):
        with embedded_run(data) as run:
            run.wait_until_ready()
            [words] = re.findall(r"playfair (send-event.*?--data \S+)", run.said, re.DOTALL)
            assert main(words.replace("\\", "").split()) == 0
            assert msgspec.json.decode(capsys.readouterr().out)["state"] == "stored"
