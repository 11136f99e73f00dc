// Credits, the archive to take along, and the erasure of everything with its certificate.

import { ask, call, content, end, pause } from "./api.js";
import { forget, leave } from "./door.js";
import { agreed, attempt, byId, el, hear, note, save, tell } from "./page.js";
import { price, say } from "./words.js";

const ROOM = byId("yours");
const GONE = byId("gone");
const POLL_MS = 700;

let prices = null;
let wallet = null;

export function openYours() {
  byId("archive").addEventListener("click", (event) => attempt(ROOM, event.target, archive));
  byId("erase").addEventListener("click", erase);
  byId("again").addEventListener("click", () => { GONE.hidden = true; leave(); });
  hear(["credits"], () => attempt(ROOM, null, load));
  hear(["language"], draw);
}

async function load() {
  prices ??= await call("GET", "/v1/prices");
  wallet = await call("GET", "/v1/credits");
  draw();
}

function draw() {
  if (wallet === null) return;
  byId("credits").textContent = say("credits", wallet);
  byId("credits-lead").textContent = say("creditsLead", { picture: say("credits", { available: prices.picture }) });
  byId("packs").replaceChildren(...Object.entries(prices.packs).map(offer));
}

function offer([pack, { credits, amount }]) {
  const cost = price(amount, prices.currency);
  const buy = el("button", { type: "button", className: "quiet", textContent: say("buy", { credits, price: cost }) });
  const line = el("li", {}, buy);
  buy.addEventListener("click", () => attempt(ROOM, buy, async () => {
    const order = await call("POST", "/v1/orders", { json: { pack } });
    if (order.payment_url) {
      line.append(el("a", { href: order.payment_url, target: "_blank", rel: "noopener", textContent: say("orderWaits") }));
    } else if (order.state === "paid") {
      note(say("orderPaid"));
    }
    tell("credits");
  }));
  return line;
}

async function archive() {
  note(say("archiveMaking"));
  let request = await call("POST", "/v1/rights", { json: { right: "portability" } });
  while (request.answered_at === null) {
    await pause(POLL_MS);
    request = await call("GET", `/v1/rights/${request.id}`);
  }
  save(await content(request.result), "pixreunion.zip");
}

async function erase(event) {
  if (!(await agreed(say("eraseAsk"), say("eraseAskLead"), say("erase")))) return;
  await attempt(ROOM, event.target, async () => {
    const request = await call("DELETE", "/v1/account");
    forget();
    for (const id of ["rooms", "who", "credits", "sign-out"]) byId(id).hidden = true;
    byId("certificate").hidden = true;
    GONE.hidden = byId("gone-progress").hidden = false;
    byId("gone-lead").textContent = say("goneWork");
    GONE.focus();
    await attempt(GONE, null, () => prove(request));
  });
}

/** The erased account's own token still opens this one door. */
async function prove(request) {
  let now = request;
  while (now.completed_at === null) {
    await pause(POLL_MS);
    now = await call("GET", `/v1/requests/${request.id}`);
  }
  const certificate = await (await ask("GET", now.certificate)).blob();
  end();
  const link = byId("certificate");
  link.href = URL.createObjectURL(certificate);
  link.download = `${request.id}.json`;
  link.hidden = false;
  byId("gone-progress").hidden = true;
  byId("gone-lead").textContent = say("goneDone");
  const lines = [...listed("erased", now.counts), ...listed("held", now.held)];
  byId("gone-counts").replaceChildren(...lines);
  link.focus();
}

const listed = (word, counts) => Object.entries(counts).map(([kind, count]) => el("li", { textContent: say(word, { count, kind }) }));
