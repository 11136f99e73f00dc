"""The web studio: one page over the public HTTP interface. No build step, nothing from anybody else, nothing kept in
the browser; `serve_apps.ingress.routers.studio` serves these files."""
