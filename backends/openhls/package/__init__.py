"""A circuit as a package that stands alone: Verilog, AXI streams, testbench, vectors, scripts."""
