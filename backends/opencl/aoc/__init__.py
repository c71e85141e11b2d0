"""Backend for aoc, Intel's FPGA compiler for OpenCL, and readers for its reports."""
