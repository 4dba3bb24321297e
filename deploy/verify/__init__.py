"""`make verify-k8s`: what deploy/k8s renders is held against schemas, policies and this code, without a cluster."""
