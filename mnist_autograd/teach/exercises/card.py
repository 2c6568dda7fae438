"""The card that a learner sees: HTML in a notebook, the same as plain text elsewhere."""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass

SIGNS = {"passed": "✓", "not yet": "○", "known mistake": "✗", "error": "!"}
EDGES = {"passed": "#009E73", "not yet": "#767676", "known mistake": "#D55E00", "error": "#D55E00"}
# Text on white needs more contrast than the edge beside it: these are darker shades of the same colours.
WORDS = {"passed": "#00664B", "not yet": "#595959", "known mistake": "#A34700", "error": "#A34700"}

# JupyterLab's own rules colour paragraphs and code by its theme; the card stays black on white in both.
PLAIN = "color:#1a1a1a;background:transparent;"
CARD = (
    "background:#ffffff;color:#1a1a1a;color-scheme:light;border:1px solid #d0d0d0;border-left:4px solid {edge};"
    "border-radius:3px;padding:10px 16px;margin:4px 0;max-width:46em;font-family:system-ui,sans-serif;"
    "font-size:15px;line-height:1.5"
)
CODE = "color:#1a1a1a;background:#f0f0f0;padding:0 3px;border-radius:2px;font-family:monospace;font-size:14px"
BLOCK = (
    "color:#1a1a1a;background:#f5f5f5;padding:8px 12px;margin:8px 0;border-radius:2px;white-space:pre-wrap;"
    "overflow-wrap:anywhere;font-family:monospace;font-size:14px;line-height:1.4"
)


@dataclass(frozen=True, repr=False)
class Card:
    """What the learner sees: a card in a notebook, the same as plain text elsewhere.

    status:    'passed', 'not yet', 'known mistake' or 'error'.
    text:      paragraphs, separated by empty lines; one that is indented by four spaces is shown as it stands.
    specimen:  the name of the known mistake, or None.
    label:     the exercise's number and title, or the chapter's.
    """

    status: str
    title: str
    text: str
    specimen: str | None = None
    label: str = ""

    @property
    def _heading(self) -> str:
        word = f"{SIGNS[self.status]} {self.status.capitalize()}"
        return f"{word} · {self.label}" if self.label else word

    def __repr__(self) -> str:
        paragraphs = [part if part.startswith("    ") else textwrap.fill(part, 100) for part in self.text.split("\n\n")]
        return "\n\n".join([f"{self._heading}\n{self.title}", *paragraphs])

    def _repr_html_(self) -> str:
        return (
            f'<div role="status" style="{CARD.format(edge=EDGES[self.status])}">'
            f'<div style="color:{WORDS[self.status]};font-weight:600">{html.escape(self._heading)}</div>'
            f'<div style="{PLAIN}font-weight:600;font-size:17px">{html.escape(self.title)}</div>'
            + "".join(map(_paragraph, self.text.split("\n\n")))
            + "</div>"
        )


def _paragraph(part: str) -> str:
    """HTML of one paragraph, with everything escaped first; `code` becomes <code>."""
    if part.startswith("    "):
        return f'<pre style="{BLOCK}">{html.escape(textwrap.dedent(part))}</pre>'
    escaped = re.sub("`([^`]+)`", rf'<code style="{CODE}">\1</code>', html.escape(part))
    return f'<p style="{PLAIN}margin:8px 0">{escaped}</p>'
