"""Run tools and isolated processes; keep what they make by content."""
