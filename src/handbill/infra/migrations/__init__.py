"""The schema, as numbered steps up and down. Alembic runs them, in a process of its own."""
