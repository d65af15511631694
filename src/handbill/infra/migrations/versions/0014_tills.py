"""What the tills of a merchant work with, and which payments were sold there."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0014"
down_revision = "0013"

TABLES = (
    """
    CREATE TABLE tills (
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        currency TEXT NOT NULL,
        pin_hash TEXT,
        wrong_pins INTEGER NOT NULL,
        locked_until {at},
        PRIMARY KEY (merchant_id, test)
    )
    """,
    """
    CREATE TABLE till_sales (
        payment_id {id} PRIMARY KEY REFERENCES payments (id),
        key_id {id} NOT NULL REFERENCES api_keys (id),
        lines_json {json} NOT NULL
    )
    """,
)


def upgrade() -> None:
    dialect.run(*TABLES)


def downgrade() -> None:
    dialect.drop("till_sales", "tills")
