"""Backends for Vitis HLS, Vivado HLS and Vivado, which run where these are installed."""
