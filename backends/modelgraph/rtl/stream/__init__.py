"""Circuits through which tensors flow position by position, with valid and ready."""
