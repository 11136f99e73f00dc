// New pictures: asked for, seen as they become clear, and kept.

import { ask, events, Refused } from "./api.js";
import { attempt, byId, el, hear, tell } from "./page.js";
import { say } from "./words.js";

const ROOM = byId("making");
const PARTIALS = 3;

export function openMaking() {
  const form = byId("make");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(ROOM, event.submitter, () => make(form));
  });
  hear(["entered"], () => { form.elements.prompt.value = say("promptStart"); });
  hear(["left"], clear);
}

async function make(form) {
  const { prompt, model, n } = Object.fromEntries(new FormData(form));
  const json = { prompt, model: model || null, n: Number(n), stream: true, partial_images: PARTIALS };
  const frames = empty(json.n);
  try {
    for await (const { name, data } of events(await ask("POST", "/v1/images/generations", { json }))) {
      if (name === "error") throw new Refused(0, data);
      show(frames[data.image_index], data, name === "image_generation.completed");
    }
  } finally {
    frames.filter((frame) => frame.classList.contains("waiting")).forEach((frame) => frame.closest("li").remove());
    tell("pictures", "credits");
  }
}

function empty(count) {
  clear();
  const frames = Array.from({ length: count }, () => el("img", { className: "frame waiting", alt: say("makingLead") }));
  byId("fresh").replaceChildren(...frames.map((frame) => el("li", { className: "tile" }, frame)));
  byId("fresh").hidden = false;
  return frames;
}

function clear() {
  byId("fresh").querySelectorAll("img").forEach((frame) => URL.revokeObjectURL(frame.src));
  byId("fresh").replaceChildren();
  byId("fresh").hidden = true;
}

function show(frame, { b64_json: text, partial_image_index: partial }, done) {
  URL.revokeObjectURL(frame.src);
  frame.src = URL.createObjectURL(new Blob([bytes(text)], { type: "image/png" }));
  if (done) {
    frame.classList.remove("waiting");
    frame.alt = say("picture");
  } else {
    frame.dataset.partial = partial;
  }
}

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
