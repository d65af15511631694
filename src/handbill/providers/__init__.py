"""Acquirers. `contract` is what the core knows; each other module speaks to one acquirer."""
