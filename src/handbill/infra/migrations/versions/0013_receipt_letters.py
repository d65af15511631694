"""Receipts that payers asked for by e-mail: how many, and what became of each. No address."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0013"
down_revision = "0012"

TABLES = (
    """
    CREATE TABLE receipt_letters (
        id {id} PRIMARY KEY,
        payment_id {id} NOT NULL REFERENCES payments (id),
        payer_id {id},
        lang TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at {at} NOT NULL
    )
    """,
    "CREATE INDEX receipt_letters_of_payment ON receipt_letters (payment_id, created_at)",
)


def upgrade() -> None:
    dialect.run(*TABLES)


def downgrade() -> None:
    dialect.drop("receipt_letters")
