"""Generators of Verilog modules, one per kind of layer; each equals its value rule bit for bit."""
