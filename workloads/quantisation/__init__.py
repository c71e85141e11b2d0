"""Quantisation-aware training with QKeras, and pruning, for any functional Keras network."""
