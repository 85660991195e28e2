"""`playfair verify`: check draws without trusting whoever made them."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from game.auditor.auditing import Given, audit_lines, audit_remote
from game.auditor.audits import Audit
from game.auditor.keeping import Kept
from game.auditor.keys import Keys, read_keys
from game.auditor.listing import listed
from game.auditor.packs import audit_pack
from game.auditor.page import page
from game.auditor.plain import plain
from game.auditor.playing import check_play, check_receipt, read_play
from game.auditor.progress import Progress
from game.auditor.reading import RemoteLog, UnreadableError, lines_of, read_all, read_file
from game.auditor.text import text
from game.auditor.witnessed import read_witnesses, witnessed
from game.fair.entries import MAX_ENTRY_BYTES
from game.fair.findings import Finding
from game.fair.note import Verifier
from game.fair.receipt import MAX_RECEIPT_CHARS

OK, BAD, _USAGE, UNREADABLE = range(4)
MAX_PLAY_BYTES = 4_000_000
_REPORTS = {"json", "html"}
# What each check needs, and what else it takes: no option is passed by in silence.
_TOGETHER: tuple[tuple[set[str], set[str]], ...] = (
    ({"url"}, {"older", "witness", "state", *_REPORTS}),
    ({"url", "all"}, {"witness", "state", *_REPORTS}),
    ({"url", "play"}, set()),
    ({"log", "checkpoint"}, {"older", *_REPORTS}),
    ({"pack"}, _REPORTS),
    ({"receipt", "entry"}, set()),
)
EPILOG = """\
examples:
  playfair verify --url https://games.example/v1/campaigns/ID/log --key vkey
  playfair verify --url https://games.example --all --key vkeys --state ~/draws --html report.html
  playfair verify --log log.jsonl --checkpoint checkpoint --key vkey --older checkpoint.old
  playfair verify --receipt receipt.tlog-proof --entry entry.json --key vkey
  playfair verify --pack evidence.zip --key vkey
  playfair verify --play play.json --url https://games.example/v1/campaigns/ID/log --key vkey

A key file has one line `name+id+key` for each log: keys that you noted down earlier, from somewhere else.
Exit status: 0 all is as it must be (a warning is no proof), 1 it is not, 2 wrong usage, 3 something could not
be read, or no key of it is pinned.
"""


class _Trouble(msgspec.Struct):
    """Why not all could be checked."""

    says: list[str]


def main(arguments: list[str]) -> int:
    """The exit status says the verdict."""
    options = _options(arguments)
    try:
        return _run(options, read_keys(options.key))
    except Finding as finding:
        print(f"BAD  check {finding.check}: {plain(finding.says)}")
        return BAD
    except (UnreadableError, OSError) as error:
        _complain(str(error))
        return UNREADABLE


def _complain(says: str) -> None:
    print(f"playfair verify: {plain(says)}", file=sys.stderr)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="playfair verify",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", help="a log's address, or a service's with --all")
    parser.add_argument("--all", action="store_true", help="all logs of the operators that the keys name")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="the pinned keys")
    for name in ("log", "checkpoint", "receipt", "entry", "play", "pack"):
        parser.add_argument(f"--{name}", type=Path, metavar="FILE")
    parser.add_argument(
        "--older", type=Path, action="append", default=[], metavar="FILE", help="a kept checkpoint"
    )
    parser.add_argument("--witness", type=Path, metavar="FILE", help="keys of witnesses that have cosigned")
    parser.add_argument("--state", type=Path, metavar="FOLDER", help="what is kept from run to run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report as one page with plots")
    options = parser.parse_args(arguments)
    given = {name for name, value in vars(options).items() if value and name != "key"}
    if not any(needs <= given <= needs | takes for needs, takes in _TOGETHER):
        parser.error(f"what to verify: {_choices()}")
    return options


def _choices() -> str:
    """Which options go together."""
    each = (
        " ".join([*(f"--{name}" for name in sorted(needs)), *(f"[--{name}]" for name in sorted(takes))])
        for needs, takes in _TOGETHER
    )
    return "; ".join(each)


def _run(options: argparse.Namespace, keys: Keys) -> int:
    if options.receipt:
        return _receipt(options, keys)
    if options.play:
        return _play(options, keys)
    trouble = _Trouble([])
    audits = list(_audits(options, keys, trouble))
    print(text(audits))
    trouble.says += _unwritten(options, audits)
    for says in trouble.says:
        _complain(says)
    if any(audit.verdict == "BAD" for audit in audits):
        return BAD
    return UNREADABLE if trouble.says else OK


def _receipt(options: argparse.Namespace, keys: Keys) -> int:
    receipt = read_file(options.receipt, limit=MAX_RECEIPT_CHARS).decode(errors="replace")
    entry = read_file(options.entry, limit=MAX_ENTRY_BYTES + 1).removesuffix(b"\n")
    note = receipt.partition("\n\n")[2].encode()
    print(plain(check_receipt(receipt, entry, keys.for_note(note))))
    return OK


def _play(options: argparse.Namespace, keys: Keys) -> int:
    log = RemoteLog(options.url)
    play = read_play(read_file(options.play, limit=MAX_PLAY_BYTES))
    lines = list(check_play(play, log, keys.for_note(log.checkpoint())))
    print("\n".join(map(plain, [f"OK  play {play.id}", *(f"  {line}" for line in lines)])))
    return OK


def _audits(options: argparse.Namespace, keys: Keys, trouble: _Trouble) -> Iterator[Audit]:
    older = read_all(options.older)
    if options.log:
        note = read_file(options.checkpoint)
        given = Given(str(options.log), note, keys.for_note(note), tuple(older))
        with Progress(str(options.log), None) as progress:
            yield audit_lines(given, lines_of(options.log), progress)
    elif options.pack:
        with Progress(str(options.pack), None) as progress:
            yield audit_pack(options.pack, keys, progress)
    elif options.all:
        yield from _all(options, keys, trouble)
    else:
        log = RemoteLog(options.url)
        yield _remote(options, log.url, keys.for_note(log.checkpoint()), older)


def _all(options: argparse.Namespace, keys: Keys, trouble: _Trouble) -> Iterator[Audit]:
    """Each log that has a pinned key; one that cannot be read does not keep the others from being checked."""
    found = listed(options.url, keys)
    trouble.says += [f"no key of {origin} is pinned" for origin in found.unpinned]
    trouble.says += [f"{origin} has a pinned key, and is not listed any more" for origin in found.missing]
    for url, verifier in found.logs:
        try:
            yield _remote(options, url, verifier, [])
        except UnreadableError as error:
            trouble.says.append(str(error))


def _remote(options: argparse.Namespace, url: str, verifier: Verifier, older: list[bytes]) -> Audit:
    kept = Kept(options.state, verifier.name) if options.state else None
    log = RemoteLog(url, kept)
    seen = witnessed(log, verifier, read_witnesses(options.witness) if options.witness else ())
    remote = audit_remote(log, verifier, seen=seen, older=older, kept=kept)
    with Progress(verifier.name, remote.size) as progress:
        return remote.audit(progress)


def _unwritten(options: argparse.Namespace, audits: list[Audit]) -> Iterator[str]:
    """Write the reports; why one could not be written, which makes no verdict better."""
    try:
        if options.json:
            options.json.write_bytes(_json(audits))
        if options.html:
            options.html.write_text(page(audits), encoding="utf-8")
    except ModuleNotFoundError as error:
        yield f"{error}: pip install 'playfair[audit]'"
    except OSError as error:
        yield f"{error.filename}: {error.strerror}"


def _json(audits: list[Audit]) -> bytes:
    verdict = "BAD" if any(audit.verdict == "BAD" for audit in audits) else "OK"
    each = [{"verdict": audit.verdict, **msgspec.structs.asdict(audit)} for audit in audits]
    return msgspec.json.format(msgspec.json.encode({"verdict": verdict, "audits": each}))
