"""How Alembic gets at the database: through the connection that it is given, and no other."""

from alembic import context

from chassis.migrate import TABLES

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=TABLES,
    transaction_per_migration=True,
)
context.run_migrations()
