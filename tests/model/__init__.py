"""A model of the life of a play, small enough to visit every state that it can come to.

Taken from the code, by calling it (`decisions.py`): what the sandbox decides of an operation, a replay and a
fence; the bytes of debits and credits; what a driver of `Engine` does first, and after each outcome; what
accepting, settling and releasing make of a play; the states that the statements `doubt`, `claim_unfinished`,
`claim_due` and `record` ask for. So the model cannot drift from these.

Modelled (`play.py`, `world.py`): two plays of one player: the first costs 10 and wins 10, the second costs
30 and waits for a beacon; the processes that drive them; the outbox and its sender; the network; time.

- Every request may be lost, doubled, delayed at will and overtaken; it may be executed and its answer lost.
  The copies in flight are bounded; the number of losses, crashes, time-outs and doublings is not.
- Whoever waits may give up at any moment, or crash, or crash with the answer in memory; everything in
  memory is lost. A process may crash with one of its plays alone, which allows for more than crashing with
  all.
- An answer under way and an answer just read are one state: nobody else can tell the one from the other. A
  step in memory alone is one with the transaction or the request that follows, since a crash between undoes
  it.
- A play may be taken up at any moment that its row allows, leases notwithstanding: by a sweeper, or by the
  client that comes again with the same key.
- The clocks of the service and of the ledger pass `apply_before` each at a time of its own.

Not modelled: a budget that cannot pay a prize (a launch refuses it), and more than two plays at once.
"""
