"""Place and route by nextpnr, for FPGA families whose databases are open."""
