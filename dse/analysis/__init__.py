"""Analysis of stored results: queries, fronts, hypervolume, ROC curves, utilisation."""
