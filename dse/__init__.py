"""dse: design-space exploration for machine learning on FPGAs."""

__version__ = "0.1.0"
