"""`playfair send-event`: sign an event as a brand's system would, and send it."""

import argparse
import asyncio
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from game.embedded.folder import default_folder
from game.embedded.secrets import read_secrets
from game.instants import to_datetime
from game.webhooks.signing import KeyTextError, secret_text, signed_headers
from game.wire import JSON

KEY_VARIABLE: Final = "PLAYFAIR_WEBHOOK_KEY"
ANSWER_SECONDS: Final = 20.0


def main(arguments: list[str]) -> int:
    """Print the answer; 0 when the event was taken, also as a duplicate."""
    options = _parser().parse_intermixed_args(arguments)
    try:
        status, answer = asyncio.run(_send(options, key=_key(options), body=_body(options)))
    except (OSError, KeyTextError, aiohttp.ClientError, TimeoutError) as error:
        print(f"playfair send-event: {error}", file=sys.stderr)
        return 1
    is_taken = status == 202
    print(answer, file=sys.stdout if is_taken else sys.stderr)
    return 0 if is_taken else 1


async def _send(options: argparse.Namespace, *, key: str, body: bytes) -> tuple[int, str]:
    stamped = signed_headers(
        key, webhook_id=options.webhook_id, timestamp_seconds=int(time.time()), body=body
    )
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(
            f"{options.url.rstrip('/')}/v1/webhooks/{options.source}",
            data=body,
            headers=stamped | {"Content-Type": JSON},
        ) as answer,
    ):
        return answer.status, await answer.text()


def _key(options: argparse.Namespace) -> str:
    """From a file or the environment, so that it stands in no history; else the embedded run's own."""
    if options.key_file:
        return str(options.key_file.read_text()).strip()
    if given := os.environ.get(KEY_VARIABLE):
        return given
    folder = options.data.absolute() if options.data else default_folder(os.environ)
    return secret_text(read_secrets(folder).webhook_secret())


def _body(options: argparse.Namespace) -> bytes:
    told = {"subject": options.subject, "occurrence": options.occurrence, "sequence": options.sequence}
    data = {name: value for name, value in told.items() if value is not None} | dict(options.attributes)
    happened = to_datetime(time.time_ns() // 1_000_000)
    return msgspec.json.encode({"type": options.type, "timestamp": happened, "data": data})


def _attribute(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, msgspec.json.decode(value, type=int | bool | str)
    except msgspec.DecodeError:
        return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="playfair send-event",
        description=__doc__,
        epilog=f"The key (whsec_… or whsk_…) is read from --key-file, else from {KEY_VARIABLE}, "
        "else it is that of the source demo.demo of the run on this machine.",
    )
    parser.add_argument("source", help="the brand and its source, such as demo.demo")
    parser.add_argument("type", help="such as review.created")
    parser.add_argument("attributes", nargs="*", type=_attribute, metavar="NAME=VALUE", help="rating=5 …")
    parser.add_argument("--subject", required=True, help="whom it is about, such as alice")
    parser.add_argument("--occurrence", default=secrets.token_hex(8), help="which one it is; else a new one")
    parser.add_argument("--sequence", type=int, help="its place among the subject's events")
    parser.add_argument("--webhook-id", default=f"msg_{secrets.token_hex(12)}", help="to send it again")
    parser.add_argument("--key-file", type=Path, help="file with the key")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the service is")
    parser.add_argument("--data", type=Path, help="data folder of the run (PLAYFAIR_DATA)")
    return parser
