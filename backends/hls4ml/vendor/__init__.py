"""Vitis HLS, Vivado HLS and Vivado, run where they are installed."""
