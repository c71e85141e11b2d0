"""Charged-particle tracking with interaction networks (arXiv:2012.01563)."""
