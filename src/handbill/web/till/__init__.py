"""The till: what a cashier sees. Stands on the pages of the payers and adds a session to them."""
