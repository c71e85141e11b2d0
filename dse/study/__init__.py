"""The study file: its sections, their validation, and the design space they define."""
