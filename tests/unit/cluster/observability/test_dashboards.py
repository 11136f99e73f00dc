from cluster.observability.dashboards import DASHBOARDS, dashboards


def test_panels_do_not_overlap_and_each_asks_something() -> None:
    for name, dashboard in dashboards().items():
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
        assert len(set(places)) == len(places) == len(DASHBOARDS[name])
        assert all(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])


def test_the_same_dashboard_has_the_same_id_everywhere() -> None:
    assert {each["uid"] for each in dashboards().values()} == {f"pixreunion-{name}" for name in DASHBOARDS}
