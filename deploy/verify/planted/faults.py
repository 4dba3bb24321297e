"""The faults, of production unless they say otherwise. Each is one that somebody makes one day."""

from deploy.verify.planted.planting import GONE, Fault, add, drop, put

POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
WHOLE_WEB = [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]
CLASSIFIER, CRAWLER, DRAFTER, EVIDENCE, GATEWAY, NOTIFIER = (
    f"base/{name}/deployment.yaml" for name in ("classifier", "crawler", "drafter", "evidence", "gateway", "notifier")
)
WORKERS, SECRETS = "components/keda/workers.yaml", "components/external-secrets/services.yaml"
USERS, TOPICS = "base/kafka/generated/users.yaml", "base/kafka/generated/topics.yaml"
OVERLAY = "overlays/production/kustomization.yaml"
KAFKA = "base/kafka/cluster.yaml"
DATA = "base/network/data.yaml"


def template(name: str, *of: str) -> tuple[str | int, ...]:
    return ("spec", "target", "template", "data", name, *of)


OF_PODS = (
    Fault("a port that nobody listens on", "Deployment/gateway", put(8081, *CONTAINER, "ports", 0, "containerPort"),
          GATEWAY, "port 'ops' is 8081, the service listens on 9000"),
    Fault("a probe of a page that is not there", "Deployment/crawler",
          put("/healthz", *CONTAINER, "livenessProbe", "httpGet", "path"), CRAWLER, "livenessProbe asks /healthz"),
    Fault("readiness that waits too short", "Deployment/drafter",
          put(1, *CONTAINER, "readinessProbe", "timeoutSeconds"), DRAFTER, "waits no longer than"),
    Fault("killed before it is done", "Deployment/notifier", put(30, *POD, "terminationGracePeriodSeconds"),
          NOTIFIER, "is killed after 30 s"),
    Fault("a longer drain than grace", "ConfigMap/haetae", put("90", "data", "HAETAE_DRAIN_SECONDS"),
          CRAWLER, "may need 125 s"),
    Fault("no budget for disruptions", "PodDisruptionBudget/evidence", GONE, EVIDENCE,
          "0 PodDisruptionBudgets"),
    Fault("a selector of other pods", "Deployment/crawler",
          put("classifier", "spec", "selector", "matchLabels", "app.kubernetes.io/name"), CRAWLER,
          "not select its own"),
    Fault("a Service of nobody", "Service/gateway", put("pages", "spec", "selector", "app.kubernetes.io/name"),
          "base/gateway/service.yaml", "it selects no pod"),
    Fault("downloads cut short", "HTTPRoute/gateway", drop("spec", "rules", 1), "base/gateway/route.yaml",
          "/orders/{order_id}/bundle is a download or a large upload, and its rule cuts it after 60 s"),
    Fault("a stream with an end", "HTTPRoute/gateway", put("30m", "spec", "rules", 0, "timeouts", "request"),
          "base/gateway/route.yaml", "/api/events/stream is a stream, and its rule cuts it after 1800 s"),
    Fault("a mount without a volume", "Deployment/classifier",
          add({"name": "cache", "mountPath": "/cache"}, *CONTAINER, "volumeMounts"), CLASSIFIER,
          "mounts 'cache'"),
    Fault("more asked than allowed", "Deployment/drafter", put("8Gi", *CONTAINER, "resources", "requests", "memory"),
          DRAFTER, "requests more memory than its limit"),
    Fault("a variable twice", "Deployment/crawler", add({"name": "HOME", "value": "/"}, *CONTAINER, "env"),
          CRAWLER, "env HOME stands there twice"),
    Fault("another service's program", "Deployment/drafter", put("services.crawler", *CONTAINER, "args", 2),
          DRAFTER, "starts another service"),
    Fault("pods of a kind that is gone", "PodMonitor/haetae", put("/stats", "spec", "podMetricsEndpoints", 0, "path"),
          "components/observability/monitor.yaml", "asks /stats"),
)  # fmt: skip
OF_SECURITY = (
    Fault("an image by its tag", "Deployment/evidence", put("haetae/evidence:latest", *CONTAINER, "image"), EVIDENCE,
           "is not pinned"),
    Fault("root", "Deployment/gateway", put(0, *CONTAINER, "securityContext", "runAsUser"), GATEWAY, "may run as root"),
    Fault("a root that can be written", "Deployment/gateway",
          put(False, *CONTAINER, "securityContext", "readOnlyRootFilesystem"), GATEWAY, "can write to its image"),
    Fault("kept capabilities", "Deployment/crawler", drop(*CONTAINER, "securityContext", "capabilities"), CRAWLER,
          "keeps capabilities"),
    Fault("a token for the API server", "Deployment/notifier", put(True, *POD, "automountServiceAccountToken"),
          NOTIFIER, "gets a token"),
    Fault("a folder of the node", "Deployment/classifier",
          put({"name": "models", "hostPath": {"path": "/srv/models"}}, *POD, "volumes", 5),
          CLASSIFIER, "is a hostPath"),
    Fault("a namespace that allows all", "Namespace/haetae",
          put("baseline", "metadata", "labels", "pod-security.kubernetes.io/enforce"), "base/namespace.yaml",
          "not held to `restricted`"),
    Fault("a profile of two types", "Deployment/crawler",
          put("RuntimeDefault", *CONTAINER, "securityContext", "seccompProfile", "type"), CRAWLER,
          "names a seccomp profile of another type"),
    Fault("Chromium without its profile", "SeccompProfile/haetae-chromium", GONE, CRAWLER, "no SeccompProfile"),
)  # fmt: skip
OF_SETTINGS = (
    Fault("a secret that is missing", "ExternalSecret/evidence", drop(*template("HAETAE_SIGNING_KEY")),
          EVIDENCE, "HAETAE_SIGNING_KEY is not supplied"),
    Fault("a secret of somebody else", "ExternalSecret/drafter",
          put("{{ .key }}", *template("HAETAE_MASTER_KEY")), SECRETS,
          "HAETAE_MASTER_KEY is no setting of drafter"),
    Fault("a setting that nobody knows", "ConfigMap/crawler", put("5", "data", "HAETAE_RENDERS"),
          "base/crawler/settings.yaml", "HAETAE_RENDERS is no setting of crawler"),
    Fault("a setting of another kind", "ConfigMap/crawler", put("many", "data", "HAETAE_RENDERERS"),
          "base/crawler/settings.yaml", "HAETAE_RENDERERS: Input should be a valid integer"),
    Fault("a secret in the open", "ConfigMap/notifier", put("hunter2", "data", "HAETAE_SMTP_PASSWORD"),
          "base/notifier/settings.yaml", "is a secret, in the open"),
    Fault("a secret that nobody brings", "ExternalSecret/db-crawler", GONE, "base/postgres/cluster.yaml",
          "no secret 'db-crawler'"),
    Fault("a login that the owner may not change", "Cluster/haetae-db",
          drop("spec", "bootstrap", "initdb", "postInitSQL", 1),
          "base/postgres/cluster.yaml", "the owner may not change haetae_crawler"),
)  # fmt: skip
OF_SCALING = (
    Fault("a topic misspelt", "ScaledObject/crawler", put("crawl.dues", "spec", "triggers", 0, "metadata", "topic"),
          WORKERS, "does not read crawl.dues"),
    Fault("another group", "ScaledObject/evidence", put("evidence", "spec", "triggers", 0, "metadata", "consumerGroup"),
          WORKERS, "evidence is no group of evidence"),
    Fault("a service that is forgotten", "Deployment/drafter", GONE, OVERLAY, "nothing runs drafter"),
    Fault("more pods than partitions", "ScaledObject/drafter", put(24, "spec", "maxReplicaCount"), WORKERS,
          "up to 24 pods for 6 partitions"),
    Fault("a number where KEDA wants a text", "ScaledObject/crawler",
          put(50, "spec", "triggers", 0, "metadata", "lagThreshold"), WORKERS, "spec.triggers.0.metadata.lagThreshold"),
    Fault("replicas beside a scaler", "Deployment/drafter", put(3, "spec", "replicas"), DRAFTER,
          "says `replicas`"),
    Fault("a queue that nobody watches", "ScaledObject/notifier", drop("spec", "triggers", 0), WORKERS,
          "nobody looks how far notifier.case is behind on review.decided"),
    Fault("nothing to fall back on", "ScaledObject/evidence", drop("spec", "fallback"), WORKERS,
          "spec.fallback: Field required"),
    Fault("a storm cut down when the lag is not read", "ScaledObject/evidence", drop("spec", "fallback", "behavior"),
          WORKERS, "pods that work off a storm are taken away"),
    Fault("fewer than rest when the lag is not read", "ScaledObject/crawler", put(1, "spec", "fallback", "replicas"),
          WORKERS, "it falls back on 1 pods, fewer than its 2 at rest"),
    Fault("a service that nothing scales", "ScaledObject/classifier", GONE, OVERLAY, "nothing scales classifier"),
)  # fmt: skip
OF_KAFKA = (
    Fault("a topic that is missing", "KafkaTopic/content.flagged", GONE, OVERLAY,
          "topic content.flagged is made by nobody"),
    Fault("fewer partitions", "KafkaTopic/crawl.due", put(3, "spec", "partitions"), TOPICS,
          "3 partitions, the code says 12"),
    Fault("one copy is enough", "KafkaTopic/case.events", put(1, "spec", "config", "min.insync.replicas"), TOPICS,
          "acknowledged by 1 of 3"),
    Fault("a right that it has no use for", "KafkaUser/drafter",
          add({"resource": {"type": "topic", "name": "evidence.orders"}, "operations": ["Write"]},
              "spec", "authorization", "acls"), USERS, "may Write topic evidence.orders"),
    Fault("an agency with an internal topic", "KafkaUser/scaler", put("agency-north", "metadata", "name"), USERS,
          "may Describe topic check.requested"),
    Fault("a listener for everybody", "Kafka/haetae", drop("spec", "kafka", "listeners", 0, "authentication"), KAFKA,
          "listener services lets anybody in"),
    Fault("no authorization", "Kafka/haetae", drop("spec", "kafka", "authorization"), KAFKA,
          "everybody may do everything"),
    Fault("a field that Strimzi has not", "KafkaUser/crawler", put(True, "spec", "superuser"), USERS, "spec.superuser"),
)  # fmt: skip
OF_NETWORK = (
    Fault("the whole internet for the gateway", "NetworkPolicy/to-kafka", put(WHOLE_WEB, "spec", "egress"), GATEWAY,
          "it can reach 0.0.0.0/0 on port any"),
    Fault("the cloud's own keys in reach", "NetworkPolicy/web-crawler",
          put(["10.0.0.0/8"], "spec", "egress", 0, "to", 0, "ipBlock", "except"), "base/network/web-crawler.yaml",
          "169.254.169.254 is not taken out"),
    Fault("nobody denied", "NetworkPolicy/default-deny", GONE, OVERLAY, "any can reach any pod"),
    Fault("nobody hears of backups that fail", "NetworkPolicy/database-from-monitoring", GONE, OVERLAY,
          "cannot reach database on port 9187"),
    Fault("a wall before the database", "NetworkPolicy/to-database",
          put(5433, "spec", "egress", 0, "ports", 0, "port"), DRAFTER, "cannot reach database"),
    Fault("a store behind the hole for the web", "NetworkPolicy/to-objects", GONE, CRAWLER,
          "cannot reach the object store on port 443"),
    Fault("mail to another port", "ConfigMap/notifier", put("465", "data", "HAETAE_SMTP_PORT"),
          NOTIFIER, "cannot reach the submission server on port 465"),
    Fault("a language model behind a wall", "ConfigMap/drafter",
          put("http://models.inside.test:8000/v1", "data", "HAETAE_POLISH_URL"), DRAFTER,
          "cannot reach the language model on port 8000"),
    Fault("backups to a store behind a wall", "ObjectStore/haetae-db",
          put("https://objects.haetae-objects.svc:9000", "spec", "configuration", "endpointURL"),
          "components/database-backup/store.yaml", "the database cannot reach its store on port 9000"),
    Fault("pages for everybody in the cluster", "NetworkPolicy/pages", drop("spec", "ingress", 0, "from"), OVERLAY,
          "any can reach gateway on port 8080"),
    Fault("a label that opens the store", "Deployment/drafter",
          put("yes", "spec", "template", "metadata", "labels", "haetae/reaches-objects"), DRAFTER,
          "on port 443, for which it has no use"),
    Fault("webhooks without TLS", "NetworkPolicy/web-gateway",
          add({"protocol": "TCP", "port": 80}, "spec", "egress", 0, "ports"), GATEWAY,
          "on port 80, for which it has no use"),
    Fault("webhooks that reach nobody", "NetworkPolicy/web-gateway", GONE, GATEWAY, "it cannot reach the web"),
    Fault("the web for webhooks that are off", "ConfigMap/gateway", put("false", "data", "HAETAE_WEBHOOKS"), GATEWAY,
          "on port 443, for which it has no use"),
    Fault("a time-stamp authority behind a wall", "NetworkPolicy/to-stamps",
          put(8080, "spec", "egress", 0, "ports", 0, "port"), GATEWAY, "on port 8080, for which it has no use"),
    Fault("an authority on another port", "ConfigMap/time-stamps",
          put('[[authority]]\nname = "agency"\nurl = "http://stamps.agency.test:3180"\nca_file = "agency.pem"\n',
              "data", "authorities.toml"), GATEWAY, "cannot reach the time-stamp authority agency on port 3180"),
    Fault("an authority without its roots", "ConfigMap/time-stamps", drop("data", "agency.pem"), EVIDENCE,
          "HAETAE_STAMP_AUTHORITIES_FILE=/etc/haetae/time-stamps/authorities.toml"),
    Fault("a calendar on another port", "ConfigMap/evidence", put("http://calendar.test:14788", "data",
          "HAETAE_OTS_CALENDARS"), EVIDENCE, "cannot reach the calendar http://calendar.test:14788 on port 14788"),
    Fault("an identity provider behind a wall", "NetworkPolicy/to-identity",
          put(8443, "spec", "egress", 0, "ports", 0, "port"), GATEWAY, "on port 8443, for which it has no use"),
)  # fmt: skip
BY_TOOLS = (
    Fault("a text where a number belongs", "Deployment/gateway", put("ops", *CONTAINER, "ports", 1, "containerPort"),
          GATEWAY, "is not of type 'integer'", by="schemas"),
    Fault("a field of no version", "PodDisruptionBudget/crawler", put(1, "spec", "maxAvailable"),
          "base/crawler/disruption.yaml", "maxAvailable", by="schemas"),
    Fault("an API that is gone", "HorizontalPodAutoscaler/gateway", put("autoscaling/v2beta2", "apiVersion"),
          "base/gateway/autoscaler.yaml", "known to nobody"),
    Fault("a privileged container", "Deployment/gateway", put(True, *CONTAINER, "securityContext", "privileged"),
          OVERLAY, "KSV-0017", by="linters"),
)  # fmt: skip
FAULTS = tuple(
    fault
    for group in (OF_PODS, OF_SECURITY, OF_SETTINGS, OF_SCALING, OF_KAFKA, OF_NETWORK, BY_TOOLS)
    for fault in group
)
