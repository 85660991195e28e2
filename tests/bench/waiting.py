"""The service as `playfair serve` runs it, but events wait: their processing is measured by itself."""

import sys

from game import app, serve

if __name__ == "__main__":
    app.EVENT_STEPS = tuple(step for step in app.EVENT_STEPS if step.name != "events.process")
    sys.exit(serve.main([]))
