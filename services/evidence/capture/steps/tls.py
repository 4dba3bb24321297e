"""The certificates that the server sent for the page, and what was agreed on with it."""

from services.evidence.capture.work import Made, Work
from services.evidence.circumstances import certificates
from services.evidence.domain import File

PEM = "application/pem-certificate-chain"  # RFC 8555, 9.1


async def tls(work: Work) -> Made:
    if (secured := work.page.secured) is None:
        return Made(facts={"tls": False})
    sent = File("tls.pem", certificates.pem(secured.sent), PEM, content=False)
    return Made((sent,), {"tls": True, **certificates.facts(secured)})
