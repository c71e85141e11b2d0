"""Answers from numbers: figures of merit with intervals, fronts, comparisons."""
