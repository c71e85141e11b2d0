"""Search: the choice of points by Optuna's samplers, ladders, corrections, importances."""
