"""Accounts know their currencies, and what waits for a bank transfer is found by its reference."""

from __future__ import annotations

from alembic import op

from handbill.infra.migrations import dialect

revision = "0020"
down_revision = "0019"

CHANGES = (
    "ALTER TABLE provider_accounts ADD COLUMN currencies_json {json}",
    "CREATE INDEX attempts_transferred ON attempts (merchant_id, reference)"
    " WHERE method = 'transfer'",
    "CREATE INDEX attempts_awaited ON attempts (merchant_id, payment_id)"
    " WHERE method = 'transfer' AND live",
)


def upgrade() -> None:
    dialect.run(*CHANGES)


def downgrade() -> None:
    op.execute("DROP INDEX attempts_awaited")
    op.execute("DROP INDEX attempts_transferred")
    op.execute("ALTER TABLE provider_accounts DROP COLUMN currencies_json")
