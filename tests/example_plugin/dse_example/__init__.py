"""Example plug-in of dse: copy it, rename it, and replace its computations."""
