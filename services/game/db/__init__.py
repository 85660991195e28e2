"""PostgreSQL: the pool of connections, named statements, migrations."""
