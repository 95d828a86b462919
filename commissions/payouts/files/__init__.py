"""Files for rails without a network: what a file is given, what it must answer, and plain tables."""
