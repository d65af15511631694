"""What a payer chose: the tip, the lines, the answer to the merchant's question, the agreement."""

from __future__ import annotations

from handbill.infra.migrations import dialect

revision = "0011"
down_revision = "0010"

_COLUMNS = {
    "tip_minor": "{minor} NOT NULL DEFAULT 0",
    "lines_json": "{json} NOT NULL DEFAULT '[]'",
    "answer_json": "{json}",
    "agreement_json": "{json}",
}


def upgrade() -> None:
    dialect.run(*(f"ALTER TABLE payments ADD COLUMN {c} {kind}" for c, kind in _COLUMNS.items()))


def downgrade() -> None:
    dialect.run(*(f"ALTER TABLE payments DROP COLUMN {column}" for column in _COLUMNS))
