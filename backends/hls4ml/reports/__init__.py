"""Readers for reports of Vivado HLS, Vitis HLS and Vivado: typed values, or ReportError."""
