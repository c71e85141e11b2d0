"""One module per page: `layout` builds it from its address, `register` adds its callbacks."""
