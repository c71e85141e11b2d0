"""Construction of circuits, and generators of their Verilog modules."""
