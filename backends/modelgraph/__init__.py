"""Conversion of networks to hls4ml's ModelGraph, and the rules of its layers."""
