"""Prints: from a link to paper. What is asked is judged, read in one snapshot, put into words, set
in type and read again before anybody gets it."""
