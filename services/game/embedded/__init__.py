"""PostgreSQL and Redis as child processes, for the dev run and the tests."""
