"""Links have placements: codes of their own for a window, a table, a flyer. What came by each code
is counted by the day; what was printed of it last is known."""

from __future__ import annotations

from alembic import op

from handbill.infra.migrations import dialect

revision = "0019"
down_revision = "0018"

TABLES = (
    """
    CREATE TABLE placements (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        link_id {id} NOT NULL REFERENCES links (id),
        code TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        search_text TEXT NOT NULL,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL,
        removed_at {at}
    )
    """,
    "CREATE UNIQUE INDEX placements_name ON placements (link_id, name) WHERE removed_at IS NULL",
    "CREATE INDEX placements_link ON placements (link_id, created_at, id)",
    """
    CREATE TABLE traffic (
        link_id {id} NOT NULL REFERENCES links (id),
        code TEXT NOT NULL,
        day INTEGER NOT NULL,
        opens BIGINT NOT NULL,
        starts BIGINT NOT NULL,
        paid BIGINT NOT NULL,
        PRIMARY KEY (link_id, code, day)
    )
    """,
    """
    CREATE TABLE prints (
        code TEXT PRIMARY KEY,
        link_id {id} NOT NULL REFERENCES links (id),
        base_url TEXT NOT NULL,
        template TEXT NOT NULL,
        amount_minor {minor},
        currency TEXT,
        printed_at {at} NOT NULL
    )
    """,
    "CREATE INDEX prints_link ON prints (link_id)",
    "ALTER TABLE payments ADD COLUMN placement_id {id}",
    "CREATE INDEX payments_placement ON payments (placement_id, created_at)"
    " WHERE placement_id IS NOT NULL",
)


def upgrade() -> None:
    dialect.run(*TABLES)


def downgrade() -> None:
    op.execute("DROP INDEX payments_placement")
    op.execute("ALTER TABLE payments DROP COLUMN placement_id")
    dialect.drop("prints", "traffic", "placements")
