"""People: who signs in, how, and what staff may do."""
