"""Cycles and resources of a ModelGraph by documented formulas, without running a tool."""
