"""Tables as pages that a browser shows by itself: one file, nothing fetched, whatever stands in a table escaped."""

import html

import pandas as pd

_STYLE = """
body { font: 14px/1.4 sans-serif; margin: 1.5em; color: #222 }
table { border-collapse: collapse }
th, td { border-bottom: 1px solid #ccc; padding: 0.3em 0.7em; text-align: left; vertical-align: top; font-variant-numeric: tabular-nums }
th { border-bottom: 2px solid #444; position: sticky; top: 0; background: white }
"""


def page(table: pd.DataFrame, title: str, origin: str) -> str:
    """A page of a table.

    Args:
        origin: what it comes from; stands in its head.
    """
    rows = table.to_html(index=False, border=0, na_rep="", float_format="{:.4g}".format, escape=True)
    head = f'<meta charset="utf-8"><meta name="description" content="{html.escape(origin)}"><title>{html.escape(title)}</title>'
    return (
        f"<!doctype html><html lang=en><head>{head}<style>{_STYLE}</style></head><body><h1>{html.escape(title)}</h1>{rows}</body></html>\n"
    )
