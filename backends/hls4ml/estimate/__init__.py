"""Cycles and resources from the ModelGraph by documented formulas; no tool is run."""
