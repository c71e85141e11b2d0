"""OpenCL backends: networks as host program and kernels, and Intel's FPGA compiler aoc."""
