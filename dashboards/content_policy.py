"""Headers that tell a browser what the pages may load and run: what this server gives, no more."""

from dash import Dash
from flask import Response

_POLICY = {
    "default-src": "'self'",
    # plotly.js compiles the shaders of its WebGL traces with `Function`, which is 'unsafe-eval'.
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",  # Plotly and AG Grid write styles into the page
    "img-src": "'self' data: blob:",  # plots are downloaded by way of images
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def with_content_policy(app: Dash) -> None:
    """Send a content security policy, under which the pages of `app` work, with every answer."""

    @app.server.after_request
    def add(answer: Response) -> Response:
        answer.headers["Content-Security-Policy"] = _policy(app)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer


def _policy(app: Dash) -> str:
    """Return the policy; Dash adds scripts to the page as late as at the first request."""
    inline = " ".join(f"'{one.strip(chr(39))}'" for one in app.csp_hashes())
    policy = _POLICY | {"script-src": f"{_POLICY['script-src']} {inline}"}
    return "; ".join(f"{name} {sources}" for name, sources in policy.items())
