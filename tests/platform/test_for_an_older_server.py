"""What goes before an API server of 1.20: newer fields are taken out and named, and what it drops is seen."""

from deploy.verify.apiserver.older import former, last, lost


def test_newer_fields_are_taken_out_and_named_and_known_labels_stay_in_the_selector():
    constraint = {"labelSelector": {"matchLabels": {"of": "all"}}, "matchLabelKeys": ["name", "pod-template-hash"]}
    stop = {"name": "service", "lifecycle": {"preStop": {"sleep": {"seconds": 5}}}}
    pod = {"containers": [stop], "topologySpreadConstraints": [constraint]}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"template": {"metadata": {"labels": {"name": "crawler"}}, "spec": pod}},
    }
    older, taken = former(body)
    spec = older["spec"]["template"]["spec"]
    assert taken == {"sleep", "matchLabelKeys"}
    assert spec["containers"] == [{"name": "service", "lifecycle": {}}]
    assert spec["topologySpreadConstraints"] == [{"labelSelector": {"matchLabels": {"of": "all", "name": "crawler"}}}]
    assert stop["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}, "what was rendered stays as it was"
    assert former({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"})[0]["apiVersion"] == "policy/v1beta1"


def test_a_field_that_the_answer_lacks_is_lost_however_deep_it_lies():
    sent = {"spec": {"containers": [{"name": "a", "readinesProbe": {"port": 1}, "args": []}], "paused": False}}
    kept = {"spec": {"containers": [{"name": "a", "image": "set by the server"}]}}
    assert [*lost(sent, kept)] == ["spec.containers[0].readinesProbe"]
    assert last("spec.containers[0].readinesProbe") == "readinesProbe"
    assert [*lost(kept, kept)] == []
