"""Bit-true evaluation: hls4ml's fixed-point arithmetic on whole test sets, in numpy."""
