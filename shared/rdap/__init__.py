"""RDAP (RFC 7480-7484, 9082, 9083, 9224): who registered a domain, and whose network an address belongs to."""

from shared.rdap.client import Answer, Rdap
from shared.rdap.domains import registered_domain
from shared.rdap.failures import RdapFailed, Why
from shared.rdap.records import Contact, Event, Network, Registration, abuse_emails, registrar_abuse, registry_abuse

__all__ = [
    "Answer", "Contact", "Event", "Network", "Rdap", "RdapFailed", "Registration", "Why", "abuse_emails",
    "registered_domain", "registrar_abuse", "registry_abuse",
]  # fmt: skip
