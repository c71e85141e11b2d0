"""The command line: one module per command group; the only package that prints.

Commands import pandas, Rich, Ray and the like inside functions, so that `dse --help` and error
messages come at once.
"""
