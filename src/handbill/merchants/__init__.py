"""Merchants: who sells, their keys, their accounts at acquirers, their fees, their secrets."""
