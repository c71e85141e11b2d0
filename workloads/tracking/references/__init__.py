"""Published figures and numbers of track finding; see `dse.analysis.references`."""
