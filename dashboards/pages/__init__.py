"""One module per page: `layout` makes it from its address, `register` adds its callbacks."""
