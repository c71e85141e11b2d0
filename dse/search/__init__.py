"""How the points of a study are chosen, and what else speaks with Optuna."""
