"""Results: one database with every study, point, evaluation and metric."""
