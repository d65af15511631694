"""Codes that a phone reads: text to modules, modules to PNG, SVG, PDF and terminal.

Knows nothing of links or payments: it is handed the text, and says whether it fits.
"""
