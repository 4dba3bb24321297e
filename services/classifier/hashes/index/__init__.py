"""Nearest-hash index: which listed hashes lie within their thresholds of a query. Rows have numbers, nothing else."""

from services.classifier.hashes.index.digests import DigestIndex
from services.classifier.hashes.index.files import IndexUnreadable
from services.classifier.hashes.index.hamming import HammingIndex
from services.classifier.hashes.index.hits import Hits, words

__all__ = ["DigestIndex", "HammingIndex", "Hits", "IndexUnreadable", "words"]
