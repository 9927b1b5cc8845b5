// Requests to the study's own server; every reply is one of: its JSON, or a Refused error, or a failed connection.

export class Refused extends Error {
  constructor(status, reply) {
    super(reply.error ?? `The server answered ${status}.`);
    this.status = status;
    this.reply = reply;
  }
}

const PATIENCE = 10_000; // ms until a reply is taken for lost

async function request(method, path, { sent, keepalive = false } = {}) {
  const headers = { "X-Page": document.body.dataset.page ?? "" };
  if (sent !== undefined) headers["Content-Type"] = "application/json";
  const signal = AbortSignal.timeout(PATIENCE);
  const response = await fetch(path, { method, headers, keepalive, body: JSON.stringify(sent), cache: "no-store", signal });
  if (!response.ok) throw new Refused(response.status, await response.json().catch(() => ({})));
  return response;
}

export const get = async (path) => (await request("GET", path)).json();
export const pixels = async (path) => new Uint8Array(await (await request("GET", path)).arrayBuffer());

export async function post(path, sent, options = {}) {
  const response = await request("POST", path, { sent, ...options });
  return response.status === 204 ? null : response.json();
}
