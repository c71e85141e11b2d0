"""One module per layer family, with the rules of its layers for every walker.

A family's module ends in ``RULES``, which `registry` collects together with those of plug-ins
(entry points of the group ``dse.layers``).
"""
