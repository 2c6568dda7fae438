"""Pictures as SVG text or by matplotlib, from plain numbers. They know neither chapters nor topics."""
