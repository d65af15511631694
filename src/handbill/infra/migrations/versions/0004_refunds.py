"""Money that goes back, is held, or does not fit: refunds, two stages, what a charge stands for."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0004"
down_revision = "0003"

REFUNDS = (
    """
    CREATE TABLE refunds (
        id {id} PRIMARY KEY,
        payment_id {id} NOT NULL REFERENCES payments (id),
        attempt_id {id} NOT NULL REFERENCES attempts (id),
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        status TEXT NOT NULL,
        standing TEXT NOT NULL,
        amount_minor {minor} NOT NULL CHECK (amount_minor > 0),
        with_fee_minor {minor} NOT NULL CHECK (with_fee_minor > 0),
        currency TEXT NOT NULL,
        reason TEXT,
        reference TEXT,
        error_code TEXT,
        error_description TEXT,
        created_at {at} NOT NULL,
        updated_at {at} NOT NULL
    )
    """,
    "CREATE INDEX refunds_of_payment ON refunds (payment_id, created_at, id)",
    "CREATE INDEX refunds_by_reference ON refunds (reference)",
)

ADDED = (
    "ALTER TABLE payments ADD COLUMN capture {flag} NOT NULL DEFAULT TRUE",
    "ALTER TABLE attempts ADD COLUMN standing TEXT",
    "ALTER TABLE attempts ADD COLUMN received_minor {minor}",
    "ALTER TABLE attempts ADD COLUMN received_currency TEXT",
    "ALTER TABLE attempts ADD COLUMN capture_minor {minor}",
    "ALTER TABLE attempts ADD COLUMN capture_with_fee_minor {minor}",
    "ALTER TABLE merchants ADD COLUMN money_rule_json {json} NOT NULL DEFAULT '{}'",
)
_NAMES = (
    ("merchants", "money_rule_json"),
    ("attempts", "capture_with_fee_minor"),
    ("attempts", "capture_minor"),
    ("attempts", "received_currency"),
    ("attempts", "received_minor"),
    ("attempts", "standing"),
    ("payments", "capture"),
)

# What the books called surplus is surplus; every other charge so far was kept.
STANDING = """
    UPDATE attempts SET standing = CASE WHEN EXISTS (
        SELECT 1 FROM ledger_entries e
         WHERE e.reason = 'surplus' AND e.reference = CAST(attempts.id AS TEXT)
    ) THEN 'surplus' ELSE 'kept' END WHERE status = 'charged'
"""


def upgrade() -> None:
    dialect.run(*REFUNDS, *ADDED, STANDING)


def downgrade() -> None:
    dialect.drop("refunds")
    dialect.run(*(f"ALTER TABLE {table} DROP COLUMN {name}" for table, name in _NAMES))
