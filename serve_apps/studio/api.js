// The public HTTP interface, and nothing else. The session is kept in this module's memory: closing the page ends it.

import { say } from "./words.js";

const BUSY_TRIES = 4;
const LONGEST_WAIT_S = 10;

let session = null;

/** The service's own sentence on why it did not do something. `errors`: one entry for each thing that is wrong. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.error?.message ?? say("noAnswer"));
    this.status = status;
    this.code = problem.code ?? problem.error?.code ?? "unknown";
    this.errors = problem.errors ?? [];
  }
}

export const begin = (tokens) => { session = tokens; };
export const end = () => { session = null; };
export const signedIn = () => session !== null;

/** The answer's JSON, or null where there is none. */
export async function call(method, path, options = {}) {
  const answer = await ask(method, path, options);
  return answer.status === 204 ? null : answer.json();
}

/** The bytes of an artifact. */
export async function content(artifact, signal) {
  return (await ask("GET", `/v1/artifacts/${artifact}/content`, { signal })).blob();
}

/** The answer itself, once the service has agreed. A POST carries one key through all its tries: it is done once. */
export async function ask(method, path, { json, form, headers = {}, signal } = {}) {
  const sent = { ...headers };
  if (json !== undefined) sent["Content-Type"] = "application/json";
  if (method === "POST" && path !== "/v1/uploads/checks") sent["Idempotency-Key"] = newKey();
  const body = json === undefined ? form : JSON.stringify(json);
  let renewed = false;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await reach(method, path, { headers: { ...sent, ...bearer() }, body, signal });
    if (answer.ok) return answer;
    if (answer.status === 503 && attempt < BUSY_TRIES) {
      await pause(Math.min(Number(answer.headers.get("Retry-After")) || 1, LONGEST_WAIT_S) * 1000, signal);
    } else if (answer.status === 401 && session?.refresh_token && !renewed) {
      renewed = true;
      await renew();
    } else {
      throw new Refused(answer.status, await answer.json().catch(() => ({})));
    }
  }
}

/** Server-sent events of an answer, as `{ id, name, data }`. */
export async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split("\n\n");
      text = blocks.pop();
      yield* blocks.filter((block) => !block.startsWith(":")).map(parsed);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

async function reach(method, path, options) {
  try {
    return await fetch(path, { method, credentials: "omit", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { code: "offline", detail: say("offline") });
  }
}

async function renew() {
  const used = session;
  session = null;
  const json = { refresh_token: used.refresh_token };
  session = await call("POST", "/v1/sessions/refresh", { json });
}

const bearer = () => (session ? { Authorization: `Bearer ${session.access_token}` } : {});

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

function parsed(block) {
  const found = { id: null, name: "message", data: null };
  for (const line of block.split("\n")) {
    const [field, ...rest] = line.split(": ");
    if (field === "id") found.id = rest.join(": ");
    if (field === "event") found.name = rest.join(": ");
    if (field === "data") found.data = JSON.parse(rest.join(": "));
  }
  return found;
}
