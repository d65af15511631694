"""Machinery without a payment word in it: database, jobs, outgoing HTTP, storage, settings."""
