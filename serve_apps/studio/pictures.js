// The pictures that are kept: each with its day, what it was made from, and its end.

import { call } from "./api.js";
import { agreed, attempt, byId, el, forgetPicture, hear, note, picture, sourceOf, tell } from "./page.js";
import { day, minute, say } from "./words.js";

const ROOM = byId("pictures");
const PAGE = 24;

let kept = [];
let next = null;
let opened = null;

export function openPictures() {
  byId("more-pictures").addEventListener("click", (event) => attempt(ROOM, event.target, () => load(next)));
  byId("look-delete").addEventListener("click", (event) => remove(event.target));
  hear(["pictures"], () => attempt(ROOM, null, () => load(null)));
  hear(["language"], draw);
  hear(["left"], () => { kept = []; next = null; byId("look").close(); draw(); });
}

async function load(after) {
  const page = await call("GET", `/v1/artifacts?kind=image&limit=${PAGE}${after ? `&after=${after}` : ""}`);
  kept = after ? [...kept, ...page.data] : page.data;
  next = page.next;
  draw();
}

function draw() {
  byId("no-pictures").hidden = kept.length > 0;
  byId("more-pictures").hidden = next === null;
  byId("kept-pictures").replaceChildren(...kept.map(tile));
}

function tile(artifact) {
  const name = say("pictureOf", { day: minute(artifact.created_at) });
  const look = el("button", { type: "button", className: "look" }, picture(artifact.id, name));
  look.addEventListener("click", () => open(artifact));
  return el("li", { className: "tile" }, look, el("span", { className: "small", textContent: lifeOf(artifact) }));
}

const lifeOf = (artifact) => (artifact.deadline ? say("expires", { day: day(artifact.deadline) }) : say("kept"));

async function open(artifact) {
  opened = artifact.id;
  const dialog = byId("look");
  byId("look-title").textContent = say("pictureOf", { day: minute(artifact.created_at) });
  byId("look-deadline").textContent = lifeOf(artifact);
  byId("look-model").textContent = "";
  byId("look-photos").replaceChildren();
  dialog.showModal();
  await attempt(dialog, null, async () => {
    const source = await sourceOf(artifact.id);
    byId("look-picture").src = byId("look-save").href = source;
    byId("look-save").download = `${artifact.id}.png`;
    drawLineage(await call("GET", `/v1/artifacts/${artifact.id}/lineage`));
  });
}

/** Its photos as far as they are there, and its model. */
function drawLineage(lineage) {
  if (lineage.artifact.id !== opened) return;
  const model = lineage.made_from.find((each) => each.kind === "adapter");
  byId("look-model").textContent = model ? say("modelOf", { day: minute(model.created_at) }) : say("madeFromNone");
  const photos = lineage.photos.map((photo, number) => el("li", { className: "tile" }, picture(photo, say("photo", { number: number + 1 }))));
  byId("look-photos").replaceChildren(...photos);
}

async function remove(button) {
  if (!(await agreed(say("deletePicture"), say("deletePictureLead"), say("delete")))) return;
  await attempt(byId("look"), button, async () => {
    await call("DELETE", `/v1/artifacts/${opened}`);
    forgetPicture(opened);
    byId("look").close();
    note(say("deleted"));
    tell("pictures");
  });
}
