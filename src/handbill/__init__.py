"""Handbill: payment links and QR codes that you host yourself."""

__version__ = "0.1.0"
