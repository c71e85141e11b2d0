"""Workload plug-ins: data, a trained network and its figure of merit."""
