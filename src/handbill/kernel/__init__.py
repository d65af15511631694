"""Values and rules without input or output. Imports nothing of Handbill but itself."""
