"""The books: double entry, append only, chained. `book` is the only writer of postings."""
