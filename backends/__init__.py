"""Adapters that turn a design point into metrics, one package per tool family."""
