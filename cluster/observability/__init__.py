"""What an operator sees: metrics, dashboards, alerts, logs, traces, and the terminal view."""
