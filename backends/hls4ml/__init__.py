"""Backends built on hls4ml's ModelGraph: csim, bit-true evaluation, estimates."""
