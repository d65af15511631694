"""The database, SQLite or PostgreSQL, behind one small face.

`Database.write(fn)` and `Database.read(fn)` run plain functions of a `Tx`; nobody else opens a
transaction, and nobody outside this package knows which database it is.
"""

from handbill.infra.database.database import Database, Mark, open_database
from handbill.infra.database.tx import Tx

__all__ = ["Database", "Mark", "Tx", "open_database"]
