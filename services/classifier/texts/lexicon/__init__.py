"""Words that mean something else among those who use them: data with provenance and expiry, matched as disguised."""

from services.classifier.texts.lexicon.folder import LexiconFolder
from services.classifier.texts.lexicon.lexicon import Lexicon
from services.classifier.texts.lexicon.terms import LexiconUnusable, Term, read_folder

__all__ = ["Lexicon", "LexiconFolder", "LexiconUnusable", "Term", "read_folder"]
