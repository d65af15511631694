"""Who may press Pay, judged by what became of earlier tries: the guard against card testing."""
