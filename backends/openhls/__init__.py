"""Open hardware flow: ModelGraph → Verilog → Yosys counts and simulated latency; no vendor tool."""
