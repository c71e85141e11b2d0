"""Studies that are installed with the package: one YAML file each, and the data they need."""
