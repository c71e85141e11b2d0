"""Interfaces that plug-ins implement: backends, workloads, metrics, parameters, errors."""
