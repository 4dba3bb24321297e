"""Does a consumer do what docs/subscribers.md asks of it? `python -m subscribers.conformance -- COMMAND…`"""
