"""What a plug-in author reads: backends, workloads, metrics, parameters, errors."""
