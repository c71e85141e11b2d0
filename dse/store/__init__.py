"""The results database: every study, point, evaluation and metric, read and written."""
