"""Test and training sets of the `keras` workload: from files of several kinds, or a function."""
