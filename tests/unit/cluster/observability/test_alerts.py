from cluster.observability.alerts import ALERTS, rules


def test_every_alert_says_what_and_where_to_read_on() -> None:
    made = rules()["groups"][0]["rules"]
    assert len({rule["alert"] for rule in made}) == len(made) == len(ALERTS)
    assert all(rule["annotations"]["summary"].endswith((".", "}")) for rule in made)
    assert all(rule["annotations"]["runbook"].startswith("docs/runbooks/") for rule in made)


def test_a_broken_promise_wakes_somebody() -> None:
    severity = {rule["alert"]: rule["labels"]["severity"] for rule in rules()["groups"][0]["rules"]}
    assert {severity[name] for name in ("ErasureOverdue", "RetentionBroken", "GovernanceDown")} == {"page"}
