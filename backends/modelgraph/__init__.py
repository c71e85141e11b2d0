"""Network to hls4ml ModelGraph, and the rules of its layers."""
