"""Payment links: terms, ends, places, and the permanent link of each product."""
