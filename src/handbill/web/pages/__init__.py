"""What payers see: the page of a link or product, its end states, and the page of a payment."""
