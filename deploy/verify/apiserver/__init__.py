"""deploy/k8s against a real API server, scheduler and controllers: once per release (`make verify-apiserver`)."""
