"""Rules of the layers, one module per family of layers.

Every module ends in ``RULES``. `registry` collects these and the rules of plug-ins (entry
points of the group ``dse.layers``).
"""
