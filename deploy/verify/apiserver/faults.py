"""Faults that an API server names, and most of which the published schemas let pass."""

from deploy.verify.planted.faults import CONTAINER, POD
from deploy.verify.planted.planting import Fault, add, put

LONG = "a-name-of-twenty-one"
FAULTS = tuple(
    Fault(name, thing, change, "", says, "apiserver")
    for name, thing, change, says in (
        ("a selector of other pods", "Deployment/crawler",
         put("other", "spec", "selector", "matchLabels", "app.kubernetes.io/name"),
         "`selector` does not match template `labels`"),
        ("a port's name too long", "Deployment/crawler", put(LONG, *CONTAINER, "ports", 0, "name"),
         "must be no more than 15 characters"),
        ("a port's name with capitals", "Deployment/drafter", put("Ops_Port", *CONTAINER, "ports", 0, "name"),
         "must contain only alpha-numeric characters"),
        ("a port beyond the last", "Deployment/drafter", put(99999, *CONTAINER, "ports", 0, "containerPort"),
         "must be between 1 and 65535"),
        ("a variable's name with a space", "Deployment/notifier", put("A B", *CONTAINER, "env", 0, "name"),
         "a valid environment variable name must consist of"),
        ("a mount without a volume", "Deployment/classifier",
         add({"name": "cache", "mountPath": "/cache"}, *CONTAINER, "volumeMounts"), "Not found: \"cache\""),
        ("more asked than allowed", "Deployment/evidence",
         put("64Gi", *CONTAINER, "resources", "requests", "memory"), "must be less than or equal to memory limit"),
        ("an amount that is none", "Deployment/evidence",
         put("1Gib", *CONTAINER, "resources", "limits", "memory"), "quantities must match"),
        ("two volumes of a name", "Deployment/gateway", add({"name": "tmp", "emptyDir": {}}, *POD, "volumes"),
         "Duplicate value: \"tmp\""),
        ("a rollout that may not begin", "Deployment/gateway", put(0, "spec", "strategy", "rollingUpdate", "maxSurge"),
         "may not be 0 when"),
        ("a liveness probe that asks twice", "Deployment/gateway",
         put(2, *CONTAINER, "livenessProbe", "successThreshold"), "must be 1"),
        ("a label with a space", "Deployment/notifier", put("the pages", "metadata", "labels", "team"),
         "a valid label must be an empty string or consist of"),
        ("a budget of two minds", "PodDisruptionBudget/gateway", put(1, "spec", "minAvailable"),
         "cannot be both set"),
        ("fewest above most", "HorizontalPodAutoscaler/gateway", put(9, "spec", "minReplicas"),
         "must be greater than or equal to `minReplicas`"),
        ("a network that is none", "NetworkPolicy/kafka-to-api-server",
         put("192.0.2.1/33", "spec", "egress", 0, "to", 0, "ipBlock", "cidr"), "not a valid CIDR"),
        ("an exception outside its network", "NetworkPolicy/kafka-to-api-server",
         put(["203.0.113.0/24"], "spec", "egress", 0, "to", 0, "ipBlock", "except"), "must be a strict subset"),
        ("a job that starts again for ever", "Job/migrations", put("Always", *POD, "restartPolicy"),
         "valid values: \"OnFailure\", \"Never\""),
        ("a priority of the system's own", "PriorityClass/haetae-cases", put(2_000_000_001, "value"),
         "maximum allowed value of a user defined priority"),
        ("a setting's name with a space", "ConfigMap/haetae", put("1", "data", "A B"),
         "a valid config key must consist of"),
        ("a field misspelt", "Deployment/crawler", put({"tcpSocket": {"port": 9000}}, *CONTAINER, "readinesProbe"),
         "knows no such field"),
    )
)  # fmt: skip
