"""Readers for the reports of Vivado HLS, Vitis HLS and Vivado: typed values, or a typed error."""
