"""OpenCL: the networks as host program and device kernels, and reports of Intel's aoc."""
