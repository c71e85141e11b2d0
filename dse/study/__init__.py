"""The study file: its sections, their meaning, and the design space they span."""
