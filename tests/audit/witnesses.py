"""A small witness over real HTTP, by the book of c2sp.org/tlog-witness unless a test says otherwise."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from game.fair.findings import Finding
from game.fair.keys import key_id, key_text
from game.fair.merkle import EMPTY_ROOT, verify_consistency
from game.fair.note import DASH, Checkpoint, Verifier, open_checkpoint, signatures_of
from game.fair.witness import COSIGNATURE, Witness, WitnessAt, cosigned_text

NAME = "witness.example/w1"
SECONDS = 1_800_000_000
PAUSE_SECONDS = 0.02


class Keeper:
    """What a witness remembers: the newest checkpoint of each log; and `says`, which it answers instead."""

    def __init__(self, key: Ed25519PrivateKey, name: str = NAME) -> None:
        self.key, self.name = key, name
        self.raw = key.public_key().public_bytes_raw()
        self.verifiers: dict[str, Verifier] = {}
        self.seen: dict[str, Checkpoint] = {}
        self.says: tuple[int, bytes] | None = None
        self.bodies: list[bytes] = []

    @property
    def vkey(self) -> str:
        """The key string of this witness."""
        return key_text(self.name, self.raw, algorithm=COSIGNATURE)

    def at(self, url: str) -> WitnessAt:
        """Where it is."""
        return WitnessAt(Witness.parse(self.vkey), url)

    def answer(self, body: bytes) -> tuple[int, bytes]:
        """Cosign what goes on from what was seen."""
        self.bodies.append(body)
        if self.says:
            return self.says
        head, note = body.split(b"\n\n", 1)
        old, *proof = head.decode().split("\n")
        text, lines = signatures_of(note)
        verifier = self.verifiers.get(text.split(b"\n")[0].decode())
        if verifier is None:
            return 404, b""
        try:
            new = open_checkpoint(note, verifier)
        except Finding:
            return 403, b""
        assert len(lines) == 1
        seen = self.seen.get(new.origin, Checkpoint(new.origin, 0, EMPTY_ROOT))
        if int(old.removeprefix("old ")) != seen.size:
            return 409, b"%d\n" % seen.size
        steps = [base64.b64decode(step) for step in proof]
        if not verify_consistency(seen.size, new.size, proof=steps, old_root=seen.root, root_hash=new.root):
            return 422, b""
        self.seen[new.origin] = new
        return 200, self.line(text)

    def line(self, text: bytes) -> bytes:
        """The signature line about a checkpoint's text."""
        signature = self.key.sign(cosigned_text(text, SECONDS))
        raw = key_id(self.name, self.raw, algorithm=COSIGNATURE) + SECONDS.to_bytes(8, "big") + signature
        return f"{DASH}{self.name} {base64.b64encode(raw).decode()}\n".encode()


@contextmanager
def serving(keeper: Keeper) -> Iterator[str]:
    """A server of this witness; its address."""
    pause = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, said = keeper.answer(body) if self.path == "/add-checkpoint" else (404, b"")
            self.send_response(status)
            self.end_headers()
            for part in (said[:20], said[20:]):  # as a network may cut it
                self.wfile.write(part)
                self.wfile.flush()
                pause.wait(PAUSE_SECONDS)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
