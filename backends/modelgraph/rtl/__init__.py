"""Circuits under construction, and hardware primitives as readable Verilog."""
