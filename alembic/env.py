"""Where alembic finds the database: a connection handed over, ``-x url=…``, or the configuration."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, TypeDecorator

from syncer.adapters.database.engine import Database
from syncer.adapters.database.schema import Base


def plain_types(kind: str, item: object, _context: object) -> str | bool:
    """Name our own column types by the plain ones beneath, so that a migration outlives our code."""
    return f"sa.{item.impl_instance!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def migrate(connection: Connection) -> None:
    """Run what alembic was asked for on this connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        compare_server_default=True,
        render_item=plain_types,
    )
    with context.begin_transaction():
        context.run_migrations()


def database_url() -> str:
    """The URL given with ``-x url=…``, else the configured one."""
    from syncer.bootstrap.database import configured_url  # noqa: PLC0415  # not needed when a URL is given

    return context.get_x_argument(as_dictionary=True).get("url") or configured_url()


if context.is_offline_mode():
    context.configure(url=database_url(), target_metadata=Base.metadata, literal_binds=True)
    context.run_migrations()
elif (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    with Database(database_url()).write() as session:
        migrate(session.connection())
