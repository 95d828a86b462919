"""The faces: the only place, with kernel and app, that knows Flask."""
