"""From a study to stored results: plan, keys, jobs, executors."""
