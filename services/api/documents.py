"""Pages about the API, made from its OpenAPI document and errors.yaml; nothing is loaded from elsewhere."""

from collections.abc import Mapping
from html import escape
from typing import Any

from services.api.problems import catalogue, sentence

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code,h3{font-family:ui-monospace,monospace}table{border-collapse:collapse;width:100%}"
    "td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}"
)


def reference(document: Mapping[str, Any]) -> str:
    """Every route with its parameters and answers, and every code."""
    routes = [
        _route(method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    about = f"<p>The full reference is <a href='openapi.json'>openapi.json</a>.</p>{''.join(routes)}"
    return _page("Outdial API", about + "<h2 id='problems'>Problems</h2>" + _codes())


def problem_page(code: str) -> str | None:
    """What one code means and what to do; None when there is no such code."""
    if code not in catalogue():
        return None
    return _page(code, f"<p>HTTP {catalogue()[code]['status']}. {escape(sentence(code))}</p>")


def _route(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{one['in']}</td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for one in operation.get("parameters", ())
    )
    table = (
        f"<table><tr><th>parameter</th><th>in</th><th></th></tr>{parameters}</table>" if parameters else ""
    )
    text = escape(operation.get("description", operation.get("summary", "")))
    return f"<h3>{method.upper()} {escape(path)}</h3><p>{text}</p>{table}"


def _codes() -> str:
    rows = "".join(
        f"<tr id='{code}'><td><code>{code}</code></td><td>{entry['status']}</td>"
        f"<td>{escape(sentence(code))}</td></tr>"
        for code, entry in catalogue().items()
    )
    return f"<table><tr><th>code</th><th>status</th><th></th></tr>{rows}</table>"


def _page(title: str, body: str) -> str:
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
