"""Quantisation-aware training with QKeras and magnitude pruning of functional Keras networks."""
