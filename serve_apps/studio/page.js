// What every part of the page is made with: elements, messages, refusals, pictures as object URLs.

import { content, Refused } from "./api.js";
import { say } from "./words.js";

export const byId = (id) => document.getElementById(id);

/** Happens when something of the person's is new, or gone: "photos", "models", "pictures", "credits", "language". */
export const news = new EventTarget();
export const tell = (...names) => names.forEach((name) => news.dispatchEvent(new Event(name)));
export const hear = (names, listener) => names.forEach((name) => news.addEventListener(name, listener));

/** An element; `on…` listeners and properties in `given`, children after it. */
export function el(tag, given = {}, ...children) {
  const made = Object.assign(document.createElement(tag), given);
  made.append(...children.filter((child) => child !== null));
  return made;
}

let fading;

/** One sentence at the top that goes by itself, and is read out. */
export function note(text) {
  const told = byId("told");
  told.textContent = text;
  told.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { told.hidden = true; }, 6000);
}

/** Other lines in a list; the button that had the keyboard keeps it. */
export function redraw(list, lines) {
  const held = list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  list.replaceChildren(...lines);
  if (held) list.querySelector(`[data-key="${held}"]`)?.focus();
}

/** Runs what somebody asked for: its button rests meanwhile, and a refusal is shown in `room`. True when it went well. */
export async function attempt(room, button, work) {
  const place = room.querySelector(":scope > .refusal") ?? room.querySelector(".refusal");
  place.hidden = true;
  if (button) button.disabled = true;
  try {
    await work();
    return true;
  } catch (error) {
    if (error.name === "AbortError") return false;
    if (!(error instanceof Refused)) throw error;
    place.textContent = error.message;
    place.hidden = false;
    if (error.status === 401) tell("ended");
    return false;
  } finally {
    if (button) button.disabled = false;
  }
}

/** The person's yes to something that cannot be taken back. */
export function agreed(title, lead, yes) {
  const dialog = byId("ask");
  byId("ask-title").textContent = title;
  byId("ask-lead").textContent = lead;
  byId("ask-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const shown = new Map();

/** An image of an artifact: fetched once, forgotten with the session. */
export function picture(artifact, alt) {
  const image = el("img", { alt, loading: "lazy" });
  sourceOf(artifact).then((source) => { image.src = source; }, () => { image.alt = say("noPicture"); });
  return image;
}

export function sourceOf(artifact) {
  if (!shown.has(artifact)) {
    const source = content(artifact).then(URL.createObjectURL);
    source.catch(() => shown.delete(artifact));
    shown.set(artifact, source);
  }
  return shown.get(artifact);
}

export function forgetPicture(artifact) {
  shown.get(artifact)?.then(URL.revokeObjectURL, () => undefined);
  shown.delete(artifact);
}

export const forgetPictures = () => [...shown.keys()].forEach(forgetPicture);

/** Gives a file to the person. */
export function save(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
