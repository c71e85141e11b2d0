"""The web dashboard: Dash pages and Plotly figures on a read-only store."""
