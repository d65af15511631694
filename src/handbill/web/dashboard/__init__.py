"""The dashboard: what a merchant does without code. Stands on the pages of the payers, beside the
till, and adds a session to them."""
