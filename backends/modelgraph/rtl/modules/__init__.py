"""Verilog of single layers: one generator per kind of layer, each exact to the last bit."""
