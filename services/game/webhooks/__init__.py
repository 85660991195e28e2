"""Events of other systems: received signed, stored once, handed on in order. `signing` serves senders too."""
