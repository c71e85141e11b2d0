"""Run tools and isolated processes, cache their products by content, and read their reports."""
