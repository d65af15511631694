"""The books: rows that only grow. The database itself refuses what is unbalanced, changed or taken
away, whoever asks."""

from __future__ import annotations

from alembic import op

from handbill.infra.migrations import dialect

revision = "0003"
down_revision = "0002"

TABLES = (
    """
    CREATE TABLE ledger_entries (
        id {id} PRIMARY KEY,
        merchant_id BIGINT NOT NULL REFERENCES merchants (id),
        test {flag} NOT NULL,
        sequence BIGINT NOT NULL CHECK (sequence > 0),
        reason TEXT NOT NULL,
        reference TEXT NOT NULL,
        posted_at {at} NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL,
        sealed {flag} NOT NULL,
        UNIQUE (merchant_id, test, sequence),
        UNIQUE (reason, reference)
    )
    """,
    """
    CREATE TABLE ledger_postings (
        entry_id {id} NOT NULL REFERENCES ledger_entries (id),
        line INTEGER NOT NULL,
        account TEXT NOT NULL,
        side TEXT NOT NULL CHECK (side IN ('debit', 'credit')),
        amount_minor {minor} NOT NULL CHECK (amount_minor > 0),
        currency TEXT NOT NULL,
        PRIMARY KEY (entry_id, line)
    )
    """,
)

# An entry is written open, gets its postings, and is sealed: the one change that is allowed, and
# only when it balances. SQLite has no constraint that waits for COMMIT, so both databases do it so.
_UNBALANCED = """
    SELECT currency FROM ledger_postings WHERE entry_id = NEW.id GROUP BY currency
    HAVING SUM(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END) <> 0
"""
_SAME = " AND ".join(
    f"NEW.{column} = OLD.{column}"
    for column in (
        "id",
        "merchant_id",
        "test",
        "sequence",
        "reason",
        "reference",
        "posted_at",
        "previous_hash",
        "hash",
    )
)

SQLITE = (
    f"""
    CREATE TRIGGER ledger_entries_seal BEFORE UPDATE ON ledger_entries BEGIN
        SELECT RAISE(ABORT, 'ledger: an entry is never changed')
         WHERE OLD.sealed OR NOT NEW.sealed OR NOT ({_SAME});
        SELECT RAISE(ABORT, 'ledger: an entry without postings')
         WHERE NOT EXISTS (SELECT 1 FROM ledger_postings WHERE entry_id = NEW.id);
        SELECT RAISE(ABORT, 'ledger: unbalanced') WHERE EXISTS ({_UNBALANCED});
    END
    """,
    """
    CREATE TRIGGER ledger_entries_open BEFORE INSERT ON ledger_entries WHEN NEW.sealed BEGIN
        SELECT RAISE(ABORT, 'ledger: an entry is sealed after its postings');
    END
    """,
    """
    CREATE TRIGGER ledger_entries_keep BEFORE DELETE ON ledger_entries BEGIN
        SELECT RAISE(ABORT, 'ledger: an entry is never deleted');
    END
    """,
    """
    CREATE TRIGGER ledger_postings_add BEFORE INSERT ON ledger_postings BEGIN
        SELECT RAISE(ABORT, 'ledger: the entry is sealed')
         WHERE EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.entry_id AND sealed);
    END
    """,
    """
    CREATE TRIGGER ledger_postings_fix BEFORE UPDATE ON ledger_postings BEGIN
        SELECT RAISE(ABORT, 'ledger: a posting is never changed');
    END
    """,
    """
    CREATE TRIGGER ledger_postings_keep BEFORE DELETE ON ledger_postings BEGIN
        SELECT RAISE(ABORT, 'ledger: a posting is never deleted');
    END
    """,
)

POSTGRES = (
    f"""
    CREATE FUNCTION ledger_seal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF OLD.sealed OR NOT NEW.sealed OR NOT ({_SAME}) THEN
            RAISE EXCEPTION 'ledger: an entry is never changed';
        END IF;
        IF NOT EXISTS (SELECT 1 FROM ledger_postings WHERE entry_id = NEW.id) THEN
            RAISE EXCEPTION 'ledger: an entry without postings';
        END IF;
        IF EXISTS ({_UNBALANCED}) THEN RAISE EXCEPTION 'ledger: unbalanced'; END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'ledger: rows are never changed, deleted or truncated';
    END $$
    """,
    """
    CREATE FUNCTION ledger_add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.entry_id AND sealed) THEN
            RAISE EXCEPTION 'ledger: the entry is sealed';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION ledger_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.id AND NOT sealed) THEN
            RAISE EXCEPTION 'ledger: an entry was left open';
        END IF;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER ledger_entries_seal BEFORE UPDATE ON ledger_entries"
    " FOR EACH ROW EXECUTE FUNCTION ledger_seal()",
    "CREATE TRIGGER ledger_entries_open BEFORE INSERT ON ledger_entries"
    " FOR EACH ROW WHEN (NEW.sealed) EXECUTE FUNCTION ledger_refuse()",
    "CREATE CONSTRAINT TRIGGER ledger_entries_sealed AFTER INSERT ON ledger_entries"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_sealed()",
    "CREATE TRIGGER ledger_entries_keep BEFORE DELETE ON ledger_entries"
    " FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "CREATE TRIGGER ledger_entries_whole BEFORE TRUNCATE ON ledger_entries"
    " EXECUTE FUNCTION ledger_refuse()",
    "CREATE TRIGGER ledger_postings_add BEFORE INSERT ON ledger_postings"
    " FOR EACH ROW EXECUTE FUNCTION ledger_add()",
    "CREATE TRIGGER ledger_postings_fix BEFORE UPDATE OR DELETE ON ledger_postings"
    " FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "CREATE TRIGGER ledger_postings_whole BEFORE TRUNCATE ON ledger_postings"
    " EXECUTE FUNCTION ledger_refuse()",
)


def upgrade() -> None:
    dialect.run(*TABLES)
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if on_sqlite else POSTGRES:
        op.execute(statement)


def downgrade() -> None:
    dialect.drop("ledger_postings", "ledger_entries")
    if op.get_bind().dialect.name == "postgresql":
        for function in ("ledger_seal", "ledger_refuse", "ledger_add", "ledger_sealed"):
            op.execute(f"DROP FUNCTION {function}()")
