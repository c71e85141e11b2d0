"""Intel's aoc: its runs and its reports."""
