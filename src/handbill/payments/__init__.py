"""Payments: started, decided by one function, asked for when the acquirer is silent."""
