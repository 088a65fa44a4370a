/** Programs that use the package. */

/** A machine without network: no names, and no way to any address but this machine's own. */
export const CUT = `
import dns from "node:dns";
import net from "node:net";
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  const { host, path } = (Array.isArray(args[0]) ? args[0][0] : args[0]) ?? {};
  if (path || ["127.0.0.1", "::1", "localhost"].includes(host)) return connect.apply(this, args);
  throw new Error("no network: " + host);
};
const { lookup } = dns;
dns.lookup = (name, ...rest) => {
  if (net.isIP(name)) return lookup(name, ...rest);
  throw new Error("no network: " + name);
};
`;

/** Uses the library and prints the result as a line of JSON. */
export const USE = `
import { ExecutionFailure, openSerenCloud } from "seren-bridge";
const cloud = await openSerenCloud({ baseUrl: "local" });
const pieces = [];
const onEvent = (event) => { if (event.type === "text") pieces.push(event.text); };
const outcome = await cloud.run({ message: "hello" }, { onEvent });
const stop = new AbortController();
const stopped = await cloud.run(
  { message: '@script [{"text":"a"},{"hang":true}]' },
  { signal: stop.signal, onEvent: (event) => event.type === "text" && stop.abort() },
);
const report = await cloud.status(outcome.run.runId);
const { rows: deployments } = await cloud.client.listDeployments({ signal: AbortSignal.timeout(10_000) });
await cloud.close();
const keyless = await openSerenCloud({ baseUrl: "http://127.0.0.1:9" });
const refused = await keyless.run({ message: "x" }).catch((error) => error);
await keyless.close();
console.log(JSON.stringify({
  kind: outcome.kind, text: outcome.text, streamed: pieces.join("") === outcome.text, stopped: stopped.kind,
  report: report.phase, deployments: deployments.length,
  refused: refused instanceof ExecutionFailure && refused.kind,
}));
`;

/** Type-checks only. */
export const CONSUMER = `
import { type ExecutionEvent, ExecutionFailure, type Outcome, openSerenCloud, type SerenClient } from "seren-bridge";
const seen: ExecutionEvent[] = [];
const cloud = await openSerenCloud({ apiKey: "seren_key", log: Object.assign(() => {}, { with: () => { throw 0; } }) });
const outcome: Outcome = await cloud.run({ message: "x", inputs: { a: 1 } }, { onEvent: (event) => void seen.push(event) });
const status: string = (await (cloud.client satisfies SerenClient).getRun(outcome.run?.runId ?? "", { signal: AbortSignal.timeout(1_000) })).status;
for await (const event of cloud.execute(
  { target: { kind: "deployment", deploymentId: status, named: "x" }, onApproval: "wait" },
  { signal: new AbortController().signal, timeoutMs: 1000 },
)) if (event.type === "tool_call") event.name.trim();
const last: IteratorResult<ExecutionEvent, Outcome> = await cloud.execute({ message: "x" }).next();
if (last.done) last.value.text.trim();
// @ts-expect-error a deadline is given as timeoutMs
cloud.execute({ message: "x" }, { deadline: 0 });
// @ts-expect-error a run needs an input of the right kind
await cloud.run({ message: 1 });
if (new ExecutionFailure("not_found", "x").retryable) await cloud.close();
`;
