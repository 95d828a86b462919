"""The parts of a proof, one concern each."""
