// Trainings as they go, and the models that came of them.

import { ask, call, events, pause, Refused, signedIn } from "./api.js";
import { agreed, attempt, byId, el, hear, note, redraw, tell } from "./page.js";
import { ticked } from "./photos.js";
import { day, minute, say } from "./words.js";

const ROOM = byId("model");
const OVER = ["succeeded", "failed", "canceled"];
const FINAL = [401, 403, 404, 410];
const RECONNECT_MS = 1000;

let trainings = new Map();
let models = [];
let prices = null;
let watching = new AbortController();

export function openModels() {
  byId("train").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(ROOM, event.submitter, () => begin(event.target.elements.preset.value));
  });
  hear(["models"], () => attempt(ROOM, null, load));
  hear(["ticks"], countTicks);
  hear(["language"], () => { draw(); drawPresets(); countTicks(); });
  hear(["left"], () => { watching.abort(); watching = new AbortController(); trainings = new Map(); models = []; });
}

async function begin(preset) {
  const training = await call("POST", "/v1/trainings", { json: { photos: ticked(), preset } });
  trainings = new Map([[training.id, training], ...trainings]);
  draw();
  tell("credits");
  follow(training.id);
}

async function load() {
  prices ??= await call("GET", "/v1/prices");
  const [begun, mine] = await Promise.all([call("GET", "/v1/trainings?limit=20"), call("GET", "/v1/models?limit=100")]);
  const fresh = begun.data.filter((each) => !OVER.includes(each.state) && !trainings.has(each.id));
  trainings = new Map(begun.data.map((each) => [each.id, each]));
  models = mine.data.filter((model) => model.owned_by === "you");
  draw();
  drawPresets();
  drawChoice();
  fresh.forEach((each) => follow(each.id));
}

/** Keeps one training's line true until it is over. No event is lost: the number is taken before the state. */
async function follow(id) {
  const { signal } = watching;
  let last = null;
  while (!signal.aborted) {
    try {
      last ??= (await call("GET", `/v1/events?about=${id}&limit=100`, { signal })).next;
      if (await current(id, signal)) return;
      const headers = { "Last-Event-ID": String(last) };
      for await (const event of events(await ask("GET", `/v1/events/stream?about=${id}`, { headers, signal }))) {
        last = event.id ?? last;
        if (await current(id, signal)) return;
      }
    } catch (error) {
      if (!signedIn() || (error instanceof Refused && FINAL.includes(error.status))) return;
      await pause(RECONNECT_MS, signal).catch(() => undefined);
    }
  }
}

/** Whether it is over. */
async function current(id, signal) {
  const training = await call("GET", `/v1/trainings/${id}`, { signal });
  trainings.set(id, training);
  draw();
  if (!OVER.includes(training.state)) return false;
  if (training.state === "succeeded") note(say("waitModel"));
  tell("models", "credits");
  return true;
}

function draw() {
  const open = [...trainings.values()].filter((each) => each.state !== "succeeded");
  redraw(byId("trainings"), open.map(line));
  redraw(byId("models"), models.map(modelLine));
}

function line(training) {
  const over = OVER.includes(training.state);
  const cancel = el("button", { type: "button", className: "quiet", textContent: say("cancelTraining"), hidden: over });
  cancel.dataset.key = training.id;
  cancel.addEventListener("click", () => attempt(ROOM, cancel, async () => {
    trainings.set(training.id, await call("POST", `/v1/trainings/${training.id}/cancel`));
    draw();
    tell("credits");
  }));
  const name = say("trainingOf", { day: minute(training.created_at) });
  return el(
    "li",
    {},
    el("span", { className: "grow", textContent: name }),
    el("span", { className: "small", textContent: stateOf(training) }),
    cancel,
    over ? null : el("progress", { value: training.progress, max: 1, ariaLabel: name }),
  );
}

function stateOf(training) {
  const percent = Math.round(training.progress * 100);
  switch (training.state) {
    case "queued": return training.queue_position > 0 ? say("queued", { position: training.queue_position }) : say("queuedFirst");
    case "starting": return say("starting");
    case "failed": return say("failed", { error: training.error });
    case "canceled": return say("stopped");
    default: return training.seconds_left === null ? say("training", { percent }) : say("secondsLeft", { percent, seconds: Math.ceil(training.seconds_left) });
  }
}

const nameOf = (model) => say("modelOf", { day: minute(model.created * 1000) });

function modelLine(model) {
  const until = model.expires_at ? say("expires", { day: day(model.expires_at * 1000) }) : say("kept");
  const use = el("button", { type: "button", textContent: say("use") });
  use.dataset.key = model.id;
  use.addEventListener("click", () => {
    byId("make").elements.model.value = model.id;
    byId("make").elements.prompt.focus();
  });
  const bin = el("button", { type: "button", className: "quiet", textContent: say("delete"), ariaLabel: `${say("delete")}: ${nameOf(model)}` });
  bin.addEventListener("click", () => remove(model.id, bin));
  return el("li", {}, el("span", { className: "grow", textContent: nameOf(model) }), el("span", { className: "small", textContent: until }), use, bin);
}

async function remove(id, bin) {
  if (!(await agreed(say("deleteModel"), say("deleteModelLead"), say("delete")))) return;
  await attempt(ROOM, bin, async () => {
    await call("DELETE", `/v1/artifacts/${id}`);
    note(say("deleted"));
    tell("models", "pictures");
  });
}

function drawPresets() {
  if (prices === null) return;
  const select = byId("train").elements.preset;
  const before = select.value;
  const presets = Object.entries(prices.trainings);
  select.replaceChildren(...presets.map(([preset, credits]) => el("option", { value: preset, textContent: say("presetOf", { preset, credits }) })));
  if (before) select.value = before;
}

function drawChoice() {
  const select = byId("make").elements.model;
  const before = select.value;
  const none = el("option", { value: "", textContent: say("base") });
  select.replaceChildren(...models.map((model) => el("option", { value: model.id, textContent: nameOf(model) })), none);
  if (models.some((model) => model.id === before)) select.value = before;
}

function countTicks() {
  const count = ticked().length;
  byId("train-photos").textContent = say("picked", { count });
  byId("train").querySelector("button").disabled = count === 0;
}
