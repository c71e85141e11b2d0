"""Bit-true evaluation of whole test sets: the firmware's fixed-point arithmetic in numpy."""
