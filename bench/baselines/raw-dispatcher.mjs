/** The least that serves many dispatches: undici, the same requests and streams, the same lines. Nothing is checked or kept. */
import { createInterface } from "node:readline";
import { createParser } from "eventsource-parser";
import { Agent, request } from "undici";

const { SEREN_API_BASE: base, SEREN_API_KEY: key, SEREN_BRIDGE_DEPLOYMENT: deployment } = process.env;
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
const root = `${base}/publishers/seren-cloud`;
const call = (path, options) => request(`${root}${path}`, { dispatcher, headers, ...options });
const read = async (path) => (await (await call(path)).body.json()).data;

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

async function run(dispatchId, message) {
  const tell = (event) => say({ method: "subagents/event", params: { dispatchId, event } });
  tell({ type: "status", status: "starting" });
  const created = await call(`/deployments/${deployment}/runs`, { method: "POST", body: JSON.stringify({ message }) });
  const { run_id: id } = (await created.body.json()).data;
  tell({ type: "status", status: "queued" });
  let text = "";
  const parser = createParser({
    onEvent({ event, data }) {
      if (event === "run.event") text += JSON.parse(data).text ?? "";
    },
  });
  const decoder = new TextDecoder();
  const { body } = await call(`/runs/${id}/stream`);
  for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
  const [record] = await Promise.all([read(`/runs/${id}`), read(`/runs/${id}/artifacts?limit=200`)]);
  tell({ type: "completed", result: { final_message: text, exit_reason: record.status } });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  say({ id, result: {} });
  if (method === "subagents/dispatch") void run(params.dispatchId, params.request.prompt);
}
await dispatcher.close();
