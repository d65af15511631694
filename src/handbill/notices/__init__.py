"""What we tell a merchant ourselves, by e-mail or messenger, of things that somebody waits for."""
