"""Models of the custom resources in deploy/k8s: the `spec` of each kind, closed.

Written from the operators' published references, with the fields that these manifests use: a field that is not here is
refused until somebody has looked it up. The API server of a cluster checks the rest.
"""
