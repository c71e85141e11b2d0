"""Backend `cpu`: the float reference on this machine's processor."""
