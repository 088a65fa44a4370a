/**
 * A Dispatch parcel and a Roder dispatch, run through the built program the way the two hosts run it: as a child process,
 * over JSON lines. The Seren Cloud they use is the embedded one, so there is no key and no cost.
 */
import { fileURLToPath } from "node:url";
import { startHost } from "./host.mjs";

const say = (text = "") => console.log(text);
const parcel = fileURLToPath(new URL("./parcels/basic", import.meta.url));

await dispatchDemo();
await roderDemo();
say("Both ran through dist/seren-bridge.mjs against the embedded Seren Cloud.");

async function dispatchDemo() {
  say("== Dispatch: a chat with examples/parcels/basic ==");
  const host = startHost("courier", ({ params }) => {
    if (params.kind === "text_delta") process.stdout.write(params.content);
    if (params.kind === "done") say();
  });
  const call = (kind, params = {}) => host.request(`courier.${kind}`, { kind, protocol_version: 1, ...params });

  const { capabilities } = await call("capabilities");
  say(`courier ${capabilities.courier_id} (${capabilities.kind})`);
  let { session } = await call("open_session", { parcel_dir: parcel });
  for (const input of ["hello", "and what did I say before?"]) {
    say(`\n> ${input}`);
    ({ session } = await call("run", { parcel_dir: parcel, session, operation: { kind: "chat", input } }));
  }
  await call("shutdown");
  say(`\nturns: ${session.turn_count}, child exited with ${await host.end()}\n`);
}

async function roderDemo() {
  say("== Roder: a subagent and a background task ==");
  let finish;
  const host = startHost("roder", ({ params }) => {
    const { event } = params;
    if (event.type === "status") say(`  status    ${[event.status, event.detail].filter(Boolean).join(": ")}`);
    if (event.type === "output") say(`  ${event.stream.padEnd(9)} ${event.chunk.trimEnd()}`);
    if (event.type === "completed" || event.type === "failed") finish(event);
  });
  const terminal = () =>
    new Promise((resolve) => {
      finish = resolve;
    });

  const hello = await host.request("extension/initialize", {
    protocolVersion: "0.2.0",
    apiVersion: "0.1.0",
    extensionId: "roder-ext-seren-cloud",
    cwd: ".",
    grantedCapabilities: [],
    config: {},
    eventFilter: { kinds: [] },
  });
  say(`services: ${hello.services.map(({ id }) => id).join(", ")}`);

  say("\nsubagents/dispatch");
  let ended = terminal();
  await host.request("subagents/dispatch", {
    dispatcherId: "seren-cloud",
    dispatchId: "11111111-1111-4111-8111-111111111111",
    parentThreadId: "demo-thread",
    parentTurnId: "demo-turn",
    request: {
      description: "demo",
      prompt: script([
        { tool: "grep", args: { pattern: "TODO" }, result: "3 hits" },
        { text: "Three TODOs are left." },
      ]),
    },
  });
  const { result } = await ended;
  say(`  ${result.exit_reason}: ${result.final_message}`);

  say("\ntasks/execute");
  ended = terminal();
  await host.request("tasks/execute", {
    executorId: "seren-cloud-run",
    executionId: "22222222-2222-4222-8222-222222222222",
    taskId: "demo-task",
    input: { prompt: script([{ text: "checking\n", n: 3, every_ms: 100 }, { text: "all green\n" }]) },
  });
  say(`  exit code ${(await ended).result.exit_code}`);
  say(`\nchild exited with ${await host.end()}\n`);
}

/** The embedded agent plays such a script; any other message it reports back. */
function script(steps) {
  return `Follow the script.\n@script ${JSON.stringify(steps)}`;
}
