"""What the sandbox acquirer's longer scenarios keep: refunds that are found by the shop's own id
and may fail, further charges of one payment, disputes."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0008"
down_revision = "0007"

_UP = (
    "ALTER TABLE sandbox_refunds ADD COLUMN refund_id TEXT",
    "ALTER TABLE sandbox_refunds ADD COLUMN failure_code TEXT",
    "CREATE INDEX sandbox_refunds_by_shops_id ON sandbox_refunds (shop_id, refund_id)",
    "ALTER TABLE sandbox_payments ADD COLUMN repeats_json {json} NOT NULL DEFAULT '[]'",
    "ALTER TABLE sandbox_payments ADD COLUMN disputed {flag} NOT NULL DEFAULT FALSE",
)
_DOWN = (
    "ALTER TABLE sandbox_payments DROP COLUMN disputed",
    "ALTER TABLE sandbox_payments DROP COLUMN repeats_json",
    "DROP INDEX sandbox_refunds_by_shops_id",
    "ALTER TABLE sandbox_refunds DROP COLUMN failure_code",
    "ALTER TABLE sandbox_refunds DROP COLUMN refund_id",
)


def upgrade() -> None:
    dialect.run(*_UP)


def downgrade() -> None:
    dialect.run(*_DOWN)
