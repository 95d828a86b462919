"""After the sale: taking an order back before its goods leave; returns and claims come here too."""
