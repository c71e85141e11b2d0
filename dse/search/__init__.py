"""How the points of a study are chosen."""
