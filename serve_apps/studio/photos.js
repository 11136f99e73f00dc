// Photos: chosen, looked at by the service one by one, sent; those that are kept, with their day.

import { call } from "./api.js";
import { agreed, attempt, byId, el, forgetPicture, hear, note, picture, tell } from "./page.js";
import { day, say } from "./words.js";

const ROOM = byId("photos");

let chosen = [];
let kept = [];
const unticked = new Set();

/** Ids of the photos that a model is to be made of. */
export const ticked = () => kept.filter((photo) => !unticked.has(photo.id)).map((photo) => photo.id);

export function openPhotos() {
  const files = byId("files");
  const drop = files.closest(".drop");
  files.addEventListener("change", () => { choose([...files.files]); files.value = ""; });
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); choose([...event.dataTransfer.files]); });
  byId("take-in").addEventListener("click", (event) => attempt(ROOM, event.target, takeIn));
  byId("put-away").addEventListener("click", putAway);
  hear(["photos"], () => attempt(ROOM, null, load));
  hear(["language"], draw);
  hear(["left"], () => { kept = []; unticked.clear(); putAway(); });
}

async function choose(files) {
  if (files.length === 0) return;
  putAway();
  note(say("checking"));
  await attempt(ROOM, byId("files"), async () => {
    const found = await call("POST", "/v1/uploads/checks", { form: formOf(files) });
    chosen = files.map((file, number) => ({ file, url: URL.createObjectURL(file), remarks: found.data[number].remarks }));
    draw();
    byId("take-in").focus();
  });
}

async function takeIn() {
  const good = chosen.filter((each) => each.remarks.length === 0);
  const sent = await call("POST", "/v1/uploads", { form: formOf(good.map((each) => each.file)) });
  putAway();
  note(say("takenIn", { count: sent.data.length }));
  tell("photos");
}

function putAway() {
  chosen.forEach((each) => URL.revokeObjectURL(each.url));
  chosen = [];
  draw();
}

async function load() {
  kept = await every("/v1/artifacts?kind=photo&limit=100");
  draw();
}

/** All pages of a listing. */
async function every(path) {
  const found = [];
  for (let after = ""; after !== null;) {
    const page = await call("GET", after ? `${path}&after=${after}` : path);
    found.push(...page.data);
    after = page.next;
  }
  return found;
}

function formOf(files) {
  const form = new FormData();
  files.forEach((file) => form.append("photos", file));
  return form;
}

function draw() {
  const good = chosen.filter((each) => each.remarks.length === 0).length;
  byId("chosen").hidden = byId("chosen-row").hidden = chosen.length === 0;
  byId("chosen").replaceChildren(...chosen.map(candidate));
  byId("take-in").textContent = good > 0 ? say("takeIn", { count: good }) : say("takeInNone");
  byId("take-in").disabled = good === 0;
  byId("kept-photos").replaceChildren(...kept.map(keptPhoto));
  tell("ticks");
}

/** Some kinds of photo no browser shows; the service may take them nevertheless. */
function candidate({ file, url, remarks }) {
  const why = remarks.map(({ detail }) => el("li", { textContent: detail }));
  const verdict = why.length > 0 ? el("ul", { className: "why" }, ...why) : el("span", { className: "fine", textContent: `✓ ${say("fine")}` });
  const image = el("img", { src: url, alt: "" });
  image.addEventListener("error", () => image.replaceWith(el("span", { className: "frame" })));
  return el("li", { className: why.length > 0 ? "tile refused" : "tile" }, image, el("span", { textContent: file.name }), verdict);
}

function keptPhoto(photo, number) {
  const name = say("photo", { number: number + 1 });
  const tick = el("input", { type: "checkbox", checked: !unticked.has(photo.id) });
  const bin = el("button", { type: "button", className: "quiet bin", textContent: say("delete"), ariaLabel: `${say("delete")}: ${name}` });
  const tile = el(
    "li",
    { className: tick.checked ? "tile picked" : "tile" },
    el("label", {}, tick, name),
    picture(photo.id, name),
    el("span", { className: "small", textContent: photo.deadline ? say("expires", { day: day(photo.deadline) }) : say("kept") }),
    bin,
  );
  tick.addEventListener("change", () => {
    unticked[tick.checked ? "delete" : "add"](photo.id);
    tile.classList.toggle("picked", tick.checked);
    tell("ticks");
  });
  bin.addEventListener("click", () => remove(photo.id, bin));
  return tile;
}

async function remove(id, bin) {
  if (!(await agreed(say("deletePhoto"), say("deletePhotoLead"), say("delete")))) return;
  await attempt(ROOM, bin, async () => {
    await call("DELETE", `/v1/artifacts/${id}`);
    forgetPicture(id);
    note(say("deleted"));
    tell("photos", "models", "pictures");
  });
}
