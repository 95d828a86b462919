"""Rules against abuse: signals of orders and points, cases for people, and what follows."""
