// Signing up, in and out.

import { ask, begin, call, end, signedIn } from "./api.js";
import { attempt, byId, forgetPictures, hear, note, tell } from "./page.js";
import { say, spoken } from "./words.js";

let resetCode = "";

/** Shows the rooms to whoever is signed in, the door to everybody else. */
export function openDoor() {
  byId("to-sign-up").addEventListener("click", () => turnTo("sign-up"));
  byId("to-sign-in").addEventListener("click", () => turnTo("sign-in"));
  byId("sign-up").addEventListener("submit", (event) => submitted(event, signUp));
  byId("sign-in").addEventListener("submit", (event) => submitted(event, enter));
  byId("reset").addEventListener("submit", (event) => submitted(event, reset));
  byId("forgotten").addEventListener("click", forgotten);
  byId("sign-out").addEventListener("click", signOut);
  byId("confirm").addEventListener("submit", (event) => submitted(event, confirm));
  byId("send-again").addEventListener("click", sendAgain);
  hear(["ended"], () => { if (signedIn()) leave(); });
}

/** Back to the door. */
export function leave() {
  end();
  forget();
  show(false);
}

/** Nothing that was shown stays in the page. */
export function forget() {
  forgetPictures();
  byId("who").textContent = "";
  document.querySelectorAll("#rooms form, #door form").forEach((form) => form.reset());
  document.querySelectorAll("#rooms ul").forEach((list) => list.replaceChildren());
  tell("left");
}

/** What a link in one of our e-mails asks for. Its code stands behind the #, and leaves the address at once. */
export function arrive() {
  const [errand, code] = [location.pathname.split("/").pop(), location.hash.slice(1)];
  if (!code) return;
  history.replaceState(null, "", "/studio");
  if (errand === "confirm-address") {
    turnTo("sign-in");
    attempt(byId("sign-in"), null, () => confirm({ code }));
  }
  if (errand === "reset-password") {
    resetCode = code;
    turnTo("reset");
  }
}

function turnTo(which) {
  for (const form of ["sign-up", "sign-in", "reset"]) byId(form).hidden = form !== which;
  for (const form of ["sign-up", "sign-in"]) byId(`to-${form}`).setAttribute("aria-pressed", String(form === which));
  byId(which).elements[0].focus();
}

function submitted(event, work) {
  event.preventDefault();
  const form = event.target;
  attempt(form, event.submitter, () => work(Object.fromEntries(new FormData(form))));
}

async function signUp(given) {
  await call("POST", "/v1/accounts", { json: { ...given, language: spoken() } });
  await enter({ email: given.email, password: given.password });
}

async function enter({ email, password }) {
  begin(await call("POST", "/v1/sessions", { json: { email, password } }));
  const account = await call("GET", "/v1/account");
  byId("who").textContent = account.name;
  byId("confirm").hidden = account.confirmed;
  show(true);
  document.querySelectorAll("#door form").forEach((form) => form.reset());
  note(say("welcome", { name: account.name }));
  tell("entered", "photos", "models", "pictures", "credits");
}

async function forgotten(event) {
  const { email } = byId("sign-in").elements;
  if (!email.reportValidity()) return;
  await attempt(byId("sign-in"), event.target, async () => {
    await ask("POST", "/v1/password-resets", { json: { email: email.value } });
    note(say("resetSent"));
  });
}

async function reset({ password }) {
  await call("POST", "/v1/passwords", { json: { code: resetCode, password } });
  turnTo("sign-in");
  note(say("resetDone"));
}

async function confirm({ code }) {
  await call("POST", "/v1/confirmations", { json: { code } });
  byId("confirm").hidden = true;
  note(say("confirmed"));
}

async function sendAgain(event) {
  await attempt(byId("confirm"), event.target, async () => {
    await ask("POST", "/v1/account/confirmation");
    note(say("sent"));
  });
}

async function signOut() {
  await call("DELETE", "/v1/sessions/current").catch(() => undefined);
  leave();
  note(say("closed"));
}

function show(inside) {
  byId("door").hidden = inside;
  for (const id of ["rooms", "who", "credits", "sign-out"]) byId(id).hidden = !inside;
  byId("main").focus();
}
