"""The float reference on this machine's CPU."""
