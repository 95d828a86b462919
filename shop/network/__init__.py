"""The network: points, the tree they hang in, who owns and who is paid for them."""
