"""Where a picture comes from and what came of a photo, for the person it belongs to.

`graph` answers the questions, `report` writes them as JSON, `prov` as PROV-JSON, `openlineage` as OpenLineage events;
`layout` places the graph's boxes and `drawing` draws them as SVG or PNG. Everything in it is ids, kinds and times.
"""
