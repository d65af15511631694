"""Picks the implementations and builds the house. The only floor that knows all the others."""
