"""Published figures and numbers of tracking, read by `dse.analysis.references`."""
