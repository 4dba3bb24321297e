"""What a template of a notice may print, and what each field has to print to be a proof."""

PLAIN = (
    "reference",
    "date",
    "agency_name",
    "mandate",
    "address",
    "phone",
    "reply_to",
    "signatory",
    "seen_at",
    "sealed_at",
    "seen_again",
    "manifest",
    "category",
    "declaration",
    "citation",
    "home_citation",
    "form",
    "wish_hours",
    "tag",
    "role",
    "occasion",
    "log",
    "at",
    "line",
)
# Placeholders, and the attributes of those that have any. What is not here could carry a title, a name or a token.
PLACEHOLDERS: dict[str, frozenset[str]] = {
    "recipient": frozenset({"name", "anonymity"}),
    "addresses": frozenset({"host", "page", "pictures"}),
    "picture": frozenset({"number", "url", "sha256", "pdq"}),
    "clock": frozenset({"kind", "hours"}),
    **dict.fromkeys(PLAIN, frozenset()),
}
# Each stands alone on its line, and within the field that says where the material is.
ADDRESSES = frozenset({"addresses.page", "picture.url"})
FUNCTIONS = frozenset({"field", "super"})

# By field, the placeholders whose values its words must contain. Where there is none, any words do.
PROOFS: dict[str, tuple[str, ...]] = {
    "operator": ("recipient.name",),
    "date": ("date",),
    "reference": ("reference",),
    "sender": ("agency_name",),
    "mandate": ("mandate",),
    "location": ("addresses.page", "picture.url"),
    "seen_at": ("seen_at", "sealed_at"),
    "category": ("category",),
    "article": ("citation",),
    "action": (),
    "deadline": (),
    "hashes": ("picture.sha256", "picture.pdq", "manifest"),
    "good_faith": ("declaration",),
    "accuracy": (),
    "signature": ("signatory", "agency_name"),
    "answer": ("reply_to", "reference"),
    "dispute": (),
    "contact": ("address", "phone", "reply_to"),
    "log": ("line",),
}
