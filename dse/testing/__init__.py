"""Conformance suites: what every backend, executor and store must do, as tests to inherit."""
