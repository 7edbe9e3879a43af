"""Alembic's entry: migrate over the connection, and so within the transaction, that the journal hands in."""

from alembic import context

from adapters.journal.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
