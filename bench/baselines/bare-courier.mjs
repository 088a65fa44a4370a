#!/usr/bin/env node
/** The least a courier can do for a turn: Node alone, the same requests, one answer. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { get, request } from "node:http";
import { createInterface } from "node:readline";

const { SEREN_API_BASE: base, SEREN_API_KEY: key, SEREN_BRIDGE_DEPLOYMENT: deployment } = process.env;
const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
const root = `${base}/publishers/seren-cloud`;

const textOf = async (response) => {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  return text;
};
const read = (path) =>
  new Promise((resolve, reject) => {
    get(`${root}${path}`, { headers }, (response) => resolve(textOf(response))).on("error", reject);
  });
const create = (message) =>
  new Promise((resolve, reject) => {
    const sent = request(`${root}/deployments/${deployment}/runs`, { method: "POST", headers }, (response) =>
      resolve(textOf(response)),
    );
    sent.on("error", reject).end(JSON.stringify({ message }));
  });

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const event = (params) => say({ method: "courier.event", params });

async function turn({ session, operation }) {
  const run = JSON.parse(await create(operation.input)).data.run_id;
  let content = "";
  for (const frame of (await read(`/runs/${run}/stream`)).split("\n\n")) {
    const { text } = JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? "{}");
    if (text === undefined) continue;
    event({ kind: "text_delta", content: text });
    content += text;
  }
  await Promise.all([read(`/runs/${run}`), read(`/runs/${run}/artifacts?limit=200`)]);
  event({ kind: "message", role: "assistant", content });
  event({ kind: "done" });
  return { kind: "done", session: { ...session, turn_count: session.turn_count + 1 } };
}

function opened({ parcel_dir: folder }) {
  const { digest } = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf8"));
  return { kind: "session", session: { id: randomUUID(), parcel_digest: digest, turn_count: 0, history: [] } };
}

const capabilities = {
  courier_id: "bare-cloud",
  kind: "custom",
  supports_chat: true,
  supports_job: false,
  supports_heartbeat: false,
  supports_local_tools: false,
  supports_mounts: [],
};
const answers = {
  "courier.capabilities": () => ({ kind: "capabilities", capabilities }),
  "courier.open_session": opened,
  "courier.run": turn,
  "courier.shutdown": () => ({ kind: "ok" }),
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  say({ id, result: await answers[method](params) });
  if (method === "courier.shutdown") break;
}
