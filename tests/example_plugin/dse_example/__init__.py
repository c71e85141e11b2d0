"""An example plug-in of dse: copy it, rename it, and replace what it computes."""
