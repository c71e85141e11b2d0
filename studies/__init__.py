"""Studies that are installed with the package: one file each, with the data they need."""
