"""A small server of logs over real HTTP, by the book of tlog-tiles, unless a test bends what it says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from game.fair.entries import leaf_hash
from game.fair.merkle import fold, inclusion_proof, new_nodes
from game.fair.note import checkpoint_body, sign
from game.fair.receipt import encode_receipt
from game.fair.tiles import TILE_HEIGHT, TILE_WIDTH, bundle, bundle_path, tile_path, tile_width
from tests.fair import vectors

LOG = "/v1/campaigns/spring/log"
POLL_SECONDS = 0.01
PLACES = dict[str, bytes | int]
"""What stands at which path; a number is a status without a body, DRIPS a body without an end."""
DRIPS = 1
DRIP_SECONDS = 0.02


def note_of(lines: Sequence[bytes]) -> bytes:
    """The checkpoint of these entries under the vectors' key."""
    _, frontier = new_nodes(0, [leaf_hash(line) for line in lines], [])
    body = checkpoint_body(vectors.ORIGIN, len(lines), fold(frontier))
    return sign(body, vectors.ORIGIN, vectors.KEY)


def places_of(lines: Sequence[bytes], log: str = LOG) -> PLACES:
    """All that an honest log serves of these entries: full tiles, and partial ones as wide as now."""
    places: PLACES = {f"{log}/checkpoint": note_of(lines), f"{log}/vkey": vectors.VALUES["vkey"].encode()}
    leaves = [leaf_hash(line) for line in lines]
    nodes, _ = new_nodes(0, leaves, [])
    for level in range(3):
        step = level * TILE_HEIGHT
        hashes = leaves if level == 0 else [nodes[step, at] for at in range(len(lines) >> step)]
        for index in range(-(-len(hashes) // TILE_WIDTH)):
            width = tile_width((level, index), len(lines))
            some = hashes[index * TILE_WIDTH :][:width]
            places[f"{log}/tile/{tile_path((level, index), width)}"] = b"".join(some)
    for index in range(-(-len(lines) // TILE_WIDTH)):
        some_lines = lines[index * TILE_WIDTH :][:TILE_WIDTH]
        places[f"{log}/tile/{bundle_path(index, len(some_lines))}"] = bundle(some_lines)
    return places


def receipt_of(lines: Sequence[bytes], index: int) -> str:
    """An entry's receipt."""
    leaves = [leaf_hash(line) for line in lines]
    return encode_receipt(index, inclusion_proof(leaves, index), note_of(lines))


class Server:
    """Serves `places`, and remembers which paths were asked for."""

    def __init__(self, url: str, places: PLACES, asked: list[str]) -> None:
        self.url, self.places, self.asked = url, places, asked

    @property
    def log(self) -> str:
        """The address of the log."""
        return self.url + LOG


@contextmanager
def serving(places: PLACES) -> Iterator[Server]:
    """A server on a port of its own."""
    asked: list[str] = []
    gone = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            said = places.get(self.path, 404)
            if said == DRIPS:
                self._drip()
                return
            self.send_response(200 if isinstance(said, bytes) else said)
            if said == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            if isinstance(said, bytes):
                self.wfile.write(said)

        def _drip(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while not gone.wait(DRIP_SECONDS):
                    self.wfile.write(b"x")
                    self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(POLL_SECONDS,))
        thread.start()
        try:
            yield Server(f"http://127.0.0.1:{server.server_port}", places, asked)
        finally:
            gone.set()
            server.shutdown()
            thread.join()
