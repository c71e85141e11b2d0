"""Backends on hls4ml's ModelGraph: csim, bittrue, estimate and the vendor tools."""
