"""The database's roles and the store's buckets: those of the code, by the code's names."""

from collections.abc import Iterator

from deploy.local.s3 import BUCKETS
from deploy.verify.finding import Finding
from deploy.verify.rendering import ROOT, Rendered
from migrations.services import role
from services import SERVICES

README = "deploy/k8s/README.md"
EMBEDDED = "kafka"  # where the embedded broker keeps its records


def check(rendered: Rendered) -> Iterator[Finding]:
    wanted = {role(service) for service in SERVICES}
    for cluster in rendered.of("Cluster"):
        roles = {one["name"]: one for one in cluster.spec.get("managed", {}).get("roles", ())}
        made = " ".join(cluster.spec["bootstrap"]["initdb"].get("postInitSQL", ()))
        for name in sorted(wanted - set(roles)):
            yield cluster.finding(f"nobody logs in as {name}", "add it under spec.managed.roles")
        for name in sorted(wanted):
            if f"CREATE ROLE {name} NOLOGIN ADMIN haetae" not in made:
                yield cluster.finding(f"the owner may not change {name}: migrations fail", "make it in postInitSQL")
        for name, one in roles.items():
            if one.get("superuser") or one.get("bypassrls") or one.get("createrole") or name not in wanted:
                yield cluster.finding(f"role {name} may more than a service does", "give it login alone, or remove it")
    told = (ROOT / README).read_text()
    for bucket in BUCKETS:
        if bucket.name != EMBEDDED and f"| `{bucket.name}` |" not in told:
            wrong = f"it does not tell of bucket {bucket.name}"
            yield Finding(rendered.overlay, README, "table of buckets", wrong, "add it to the table of buckets")
