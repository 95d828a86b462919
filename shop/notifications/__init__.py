"""What we tell whom, and how it leaves the house."""
