/**
 * Every line that Roder's host crates sent in the recorded sessions, sent again to the built file. Run ids are the ones we
 * answered. The host's timing is replaced by what it waited for: an acknowledgement, an event, an ending.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { CLEAN_EXIT, ROOT } from "../support/child-process/child.ts";
import { type Cloud, startCloud } from "../support/child-process/cloud.ts";
import { isTerminal, RoderHost } from "../support/child-process/roder-host.ts";

const RECORDINGS = join(ROOT, "test/fixtures/roder");
const START = ["initialize ok", "definitions ok", "spec ok"];

/** What we answer to each line of the host, and how each piece of work ends, in the order in which it was handed over. */
const EXPECTED: Readonly<Record<string, { replies: string[]; endings: string[] }>> = {
  "dispatch-abandoned": { replies: [...START, "dispatch ok", "shutdown ok"], endings: ["timeout"] },
  "dispatch-requests": {
    replies: [
      "initialize ok",
      "spec ok",
      "definitions ok",
      "dispatch ok",
      "dispatch ok",
      "dispatch ok",
      "dispatch ok",
      "dispatch ok",
      "dispatch ok",
      'dispatch unknown subagent type "no-such-type"; known are seren-agent',
      "dispatch ok",
      "dispatch ok",
      "shutdown ok",
    ],
    endings: ["completed", "completed", "completed", "completed", "completed", "completed", "completed", "failed"],
  },
  "dispatch-timeout": { replies: [...START, "dispatch ok", "cancel ok", "shutdown ok"], endings: ["timeout"] },
  "host-exits": { replies: [...START, "dispatch ok"], endings: [] }, // whether a host that is gone is told is open
  "refused-checksum": { replies: ["initialize ok"], endings: [] },
  representative: {
    replies: [
      ...START,
      "dispatch ok",
      "dispatch ok",
      "dispatch ok",
      "cancel ok",
      "execute ok",
      "execute ok",
      "cancel ok",
      "call ok",
      "call ok",
      "call ok",
      "call ok",
      "call ok",
      "call refused",
      "call refused",
      "call refused",
      "shutdown ok",
    ],
    endings: ["completed", "completed", "timeout", "exit 0", "exit 130"],
  },
  "swarm-16": {
    replies: [...START, ...Array.from({ length: 16 }, () => "dispatch ok"), "shutdown ok"],
    endings: Array.from({ length: 16 }, () => "completed"),
  },
  tasks: {
    replies: [
      ...START,
      "execute ok",
      "execute ok",
      "cancel ok",
      "execute ok",
      "cancel ok",
      "execute input: an object with a prompt or a run_id is needed, nothing was given",
      'execute input: Unrecognized key: "promt"; prompt or run_id is needed: a prompt starts a run, a run_id attaches to one',
      "shutdown ok",
    ],
    endings: ["exit 0", "exit 130", "exit 130"],
  },
  tools: {
    replies: [
      ...START,
      "call ok",
      "call ok",
      "call ok",
      "call ok",
      "call ok",
      "call refused",
      "call refused",
      "call refused",
      "shutdown ok",
    ],
    endings: [],
  },
};

test("no recording is left out", () => {
  // Those that begin with `real-` are sessions of our own program, compared line by line elsewhere.
  const names = readdirSync(RECORDINGS).filter((file) => file.endsWith(".jsonl") && !file.startsWith("real-"));
  expect(Object.keys(EXPECTED).sort()).toEqual(names.map((file) => file.replace(/\.jsonl$/, "")).sort());
});

test.each(Object.keys(EXPECTED))("%s", async (name) => {
  const server = await startCloud();
  expect(await replay(server, name)).toEqual(EXPECTED[name]);
  expect(server.cloud.stats().runsActive).toEqual([]);
});

const EntrySchema = z.object({ dir: z.enum(["host", "child"]), line: z.string() });
const LineSchema = z.looseObject({
  id: z.int(),
  method: z.string(),
  params: z.looseObject({
    dispatchId: z.string().optional(),
    executionId: z.string().optional(),
    toolName: z.string().optional(),
    arguments: z.unknown().optional(),
  }),
});
type Line = z.output<typeof LineSchema>;

function hostLines(name: string): Line[] {
  const lines = readFileSync(join(RECORDINGS, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n");
  const entries = lines.map((line) => EntrySchema.parse(JSON.parse(line)));
  return entries.filter(({ dir }) => dir === "host").map(({ line }) => LineSchema.parse(JSON.parse(line)));
}

async function replay(server: Cloud, name: string): Promise<{ replies: string[]; endings: string[] }> {
  const host = new RoderHost({ env: server.env });
  const lines = hostLines(name);
  const replies: string[] = [];
  const accepted: string[] = [];
  let runId: unknown;
  for (const line of lines) {
    const { id, method, params } = line;
    const work = params.dispatchId ?? params.executionId ?? "";
    if (method === "subagents/cancel") await host.terminal(work);
    if (method === "tasks/cancel") await host.event(work, (event) => event.type === "output");
    if (method === "extension/shutdown") await Promise.all(accepted.map((one) => host.terminal(one)));
    if (RunArgumentSchema.safeParse(params.arguments).success) Object.assign(params.arguments ?? {}, { run_id: runId });
    host.child.send(line);
    const { result, error } = await host.replyTo(id, method);
    const refused = result?.isError === true ? "refused" : "ok";
    replies.push(`${method.replace(/^.*\//, "")} ${error?.message ?? refused}`);
    if (result && /\/(dispatch|execute)$/.test(method)) accepted.push(work);
    runId = StartedSchema.safeParse(result).data?.data.run_id ?? runId;
  }
  // The host's end is EOF; after a shutdown the process goes by itself.
  if (lines.at(-1)?.method === "subagents/dispatch") await server.run(0);
  expect(await host.end()).toEqual(CLEAN_EXIT);
  const endings: string[] = [];
  for (const work of lines.at(-1)?.method === "extension/shutdown" ? accepted : []) {
    const [terminal, ...more] = host.events(work).filter(isTerminal);
    expect(more).toEqual([]);
    if (terminal?.type === "completed") {
      const { result } = terminal;
      endings.push("exit_reason" in result ? result.exit_reason : `exit ${result.exit_code}`);
    } else if (terminal?.type === "failed") {
      // On a machine so busy that a limit of one second passes before there is a run.
      endings.push(terminal.error.startsWith("timed out") ? "timeout" : terminal.error);
    }
  }
  return { replies, endings };
}

/** Arguments that name a run of the recorded session; the invalid id stays as it is. */
const RunArgumentSchema = z.object({ run_id: z.guid() });
const StartedSchema = z.object({ data: z.object({ run_id: z.string() }) });
