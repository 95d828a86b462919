"""Links, touches and the frozen answer to who brought a sale."""
