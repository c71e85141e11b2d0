"""Backend `open`: ModelGraph to Verilog, simulated for latency and counted by Yosys."""
