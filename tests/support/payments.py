"""The sandbox of the payment processor: localstripe as a process of its own, reached over HTTP."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, Popen

import httpx
import stripe

from governance.config import PaymentSettings
from serve_apps.config import BillingSettings
from tests.integration.waiting import until

KEY = "sk_test_0123456789"
WEBHOOK_SECRET = "whsec_0123456789abcdef"
CARDS = {"good": "4242424242424242", "declined": "4000000000000341"}


@dataclass
class Sandbox:
    """A running localstripe. `settings` are what the service needs to reach it."""

    port: int
    settings: PaymentSettings
    process: Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def client(self) -> stripe.StripeClient:
        return stripe.StripeClient(KEY, base_addresses={"api": self.url})

    def send_events_to(self, url: str) -> None:
        """Its webhooks go there, signed."""
        body = {"url": url, "secret": WEBHOOK_SECRET}
        httpx.post(f"{self.url}/_config/webhooks/pixreunion", json=body).raise_for_status()

    def pay(self, payment: str, card: str = "good") -> str:
        """What a browser does with the client secret: the card goes straight to the processor. Gives the state."""
        data = {
            "type": "card",
            "card[number]": CARDS[card],
            "card[exp_month]": "12",
            "card[exp_year]": "2099",
            "card[cvc]": "123",
        }
        with httpx.Client(base_url=self.url, auth=(KEY, "")) as http:
            method = http.post("/v1/payment_methods", data=data).raise_for_status().json()["id"]
            http.post(f"/v1/payment_intents/{payment}", data={"payment_method": method}).raise_for_status()
            http.post(f"/v1/payment_intents/{payment}/confirm")
            state: str = http.get(f"/v1/payment_intents/{payment}").json()["status"]
        return state


@contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    """Runs it for the length of the block. It keeps its state in a file of its working directory."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = folder / "stripe.key"
    key.write_text(KEY)
    environment = {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder)}
    process = Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        cwd=folder, env=environment, stdout=DEVNULL, stderr=DEVNULL,
    )  # fmt: skip
    running = Sandbox(port, PaymentSettings(secret_file=key, api_base=f"http://localhost:{port}", timeout_s=5), process)
    try:
        _await_answer(running)
        yield running
    finally:
        process.terminate()
        process.wait(10)


def billing_settings(running: Sandbox, folder: Path) -> BillingSettings:
    """What the serving house needs to sell credits there."""
    secret = folder / "webhook.secret"
    secret.write_text(WEBHOOK_SECRET)
    return BillingSettings(payments=running.settings, webhook_secret_file=secret)


def _await_answer(running: Sandbox) -> None:
    def answers() -> bool:
        try:
            return httpx.get(f"{running.url}/v1/balance", auth=(KEY, "")).is_success
        except httpx.TransportError:
            return False

    until(answers, within_s=30)


def signed(event: dict[str, object], secret: str = WEBHOOK_SECRET, at: int | None = None) -> tuple[bytes, str]:
    """An event as the processor would send it: body and `Stripe-Signature`."""
    body = json.dumps(event, indent=2).encode()
    moment = int(time.time()) if at is None else at
    signature = stripe.WebhookSignature._compute_signature(f"{moment}.{body.decode()}", secret)
    return body, f"t={moment},v1={signature}"
