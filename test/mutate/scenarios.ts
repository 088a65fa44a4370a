/**
 * What people and hosts do with the program, each as a function from a fresh home to what can be seen of it. The same
 * scenario is played with a clean service first; with one odd member it has to look the same.
 */
import { DEPLOYMENT_SCENARIOS } from "./deployment-scenarios.ts";
import { HOST_SCENARIOS } from "./host-scenarios.ts";
import type { OddService } from "./odd-service.ts";
import type { Ended, Home } from "./program.ts";
import { ASK, type Observation, type Scenario, script, WORK } from "./scenario.ts";

const SLOW = script({ text: "one " }, { sleep_ms: 300 }, { text: "two " }, { sleep_ms: 300 }, { text: "three" });
const HANG = script({ text: "started " }, { hang: true });

const HELD = script({ text: "before " }, { egress: { host: "api.example.net", port: 443 } }, { text: "after" });
const INTERRUPTED = script({ text: "before " }, { interrupt: "the host was replaced" }, { text: "after" });

/** The lines of `run --json`, as far as they do not depend on ids or on one optional member. */
function outcomeOf({ code, stdout, stderr }: Ended): Observation {
  const lines = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const last = lines.at(-1) ?? {};
  const count = (type: string) => lines.filter((line) => line.type === type).length;
  const outcome = last.outcome ?? last.type;
  return {
    code,
    outcome,
    text: last.text,
    streamed: lines.flatMap((line) => (line.type === "text" ? [line.text] : [])).join(""),
    toolCalls: count("tool_call"),
    toolResults: count("tool_result"),
    // Where the stream and the list of artifacts cannot be matched any more, one artifact is shown twice.
    hasArtifacts: Array.isArray(last.artifacts) ? last.artifacts.length > 0 : undefined,
    ...(code === 0
      ? {}
      : { error: (last.error as { message?: string })?.message ?? last.message ?? stderr.slice(-300) }),
  };
}

const jsonOf = ({ code, stdout, stderr }: Ended, pick: (row: Record<string, unknown>) => unknown): Observation => {
  let rows: unknown;
  try {
    const value = JSON.parse(stdout) as unknown;
    rows = (Array.isArray(value) ? value : [value]).map((row) => pick(row as Record<string, unknown>));
  } catch {
    rows = stdout;
  }
  return { code, rows, ...(code === 0 ? {} : { error: stderr.slice(-300) }) };
};

const run = (home: Home, prompt: string, ...more: string[]) => home.run(["run", "--json", ...more, "--", prompt]);

/** A detached run, so that a scenario can begin with one that goes on. */
const detached = (prompt: string) => async (_: OddService, home: Home) =>
  (await home.run(["run", "--detach", "--", prompt])).stdout.trim();

const ended = async (service: OddService) => {
  for (let look = 0; look < 100 && service.cloud.stats().runsActive.length > 0; look += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return { left: service.cloud.stats().runsActive.length };
};

/** An answer that has not begun by then is one whose event cannot be read. */
const BEGINS_WITHIN_MS = 8_000;

/** Ctrl-C once the answer has begun. */
const interrupted = async (home: Home) => {
  let sent = false;
  let waits: NodeJS.Timeout | undefined;
  const end = await home.run(["run", "--json", "--", HANG], (text, child) => {
    const interrupt = () => {
      if (!sent) child.kill("SIGINT");
      sent = true;
    };
    if (text.includes("started")) interrupt();
    else waits ??= setTimeout(interrupt, BEGINS_WITHIN_MS);
  });
  clearTimeout(waits);
  return outcomeOf(end);
};

export const SCENARIOS: readonly Scenario[] = [
  { name: "run, first", service: { deployMs: 300 }, play: async (home) => outcomeOf(await run(home, WORK)) },
  {
    name: "run, again",
    before: async (_, home) => void (await run(home, "hello")),
    play: async (home) => outcomeOf(await run(home, WORK)),
  },
  {
    name: "run, create answer lost",
    before: async (_, home) => void (await run(home, "hello")),
    mishaps: [{ kind: "lost", operation: "create_run" }],
    play: async (home) => outcomeOf(await run(home, SLOW)),
  },
  {
    name: "run, deploy answer lost",
    mishaps: [{ kind: "lost", operation: "deploy" }],
    play: async (home) => outcomeOf(await run(home, "hello")),
  },
  {
    name: "run, streams cut",
    mishaps: [{ kind: "cut", frames: 3, times: 3 }],
    play: async (home) => outcomeOf(await run(home, SLOW)),
  },
  {
    name: "run, no streams",
    mishaps: [{ kind: "no_streams" }],
    play: async (home) => outcomeOf(await run(home, WORK)),
  },
  {
    name: "run, interrupted",
    play: async (home, _, service) => ({ ...(await interrupted(home)), ...(await ended(service)) }),
  },
  {
    name: "run, time limit",
    play: async (home, _, service) => ({ ...outcomeOf(await run(home, HANG, "-t", "8s")), ...(await ended(service)) }),
  },
  {
    name: "runs cancel",
    before: detached(HANG),
    play: async (home, id, service) => {
      const { code } = await home.run(["runs", "cancel", id]);
      return { code, ...(await ended(service)) };
    },
  },
  {
    name: "run, returns at an approval",
    play: async (home) => outcomeOf(await run(home, ASK, "--approvals", "return")),
  },
  {
    name: "approvals list",
    before: detached(ASK),
    play: async (home) =>
      jsonOf(await home.run(["approvals", "list", "--json"]), ({ run_id }) => (run_id ? "a run" : "no run")),
  },
  {
    name: "approvals list, a held request",
    before: detached(HELD),
    play: async (home) =>
      jsonOf(await home.run(["approvals", "list", "--json"]), ({ entry_id }) => (entry_id ? "an entry" : "no entry")),
  },
  { name: "approvals approve", before: detached(ASK), play: (home, id) => decided(home, id) },
  {
    name: "approvals approve, in place",
    service: { refusedDecisions: { where: "create_run", status: 404 } },
    before: detached(ASK),
    play: (home, id) => decided(home, id),
  },
  { name: "approvals approve, a held request", before: heldEntry, play: (home, ids) => decided(home, ids) },
  {
    name: "approvals approve, a lease",
    service: { leases: true },
    before: heldEntry,
    play: async (home, ids, service) => ({
      ...(await decided(home, ids, "--always")),
      granted: service.cloud.stats().leasesGranted.length,
    }),
  },
  {
    name: "runs resume",
    before: async (service, home) => {
      const { stdout } = await home.run(["run", "--detach", "--", INTERRUPTED]);
      await ended(service);
      return stdout.trim();
    },
    play: async (home, id) => {
      const resumed = await home.run(["runs", "resume", id]);
      const followed = outcomeOf(await home.run(["runs", "follow", id, "--json", "-t", "20s"]));
      return { resumed: resumed.code, ...followed };
    },
  },
  {
    name: "runs list",
    before: async (_, home) => void (await run(home, WORK)),
    play: async (home) =>
      jsonOf(await home.run(["runs", "list", "--json"]), ({ run_id, state }) => [typeof run_id, state]),
  },
  {
    name: "runs show",
    before: detached(WORK),
    play: async (home, id) =>
      jsonOf(await home.run(["runs", "show", id, "--json"]), ({ run_id, state, text }) => [typeof run_id, state, text]),
  },
  {
    name: "deployments list",
    before: async (_, home) => void (await run(home, "hello")),
    play: async (home) => jsonOf(await home.run(["deployments", "list", "--json"]), ({ id }) => typeof id),
  },
  {
    name: "agents",
    required: ["name"], // it tells the deployments of this program from agents
    before: async (_, home) => void (await run(home, "hello")),
    play: async (home) => jsonOf(await home.run(["agents", "--json"]), () => "an agent"),
  },
  ...HOST_SCENARIOS,
  ...DEPLOYMENT_SCENARIOS,
];

/** `ids`: of the run, and of the entry of the inbox where that is what is decided. */
async function decided(home: Home, ids: string, ...options: string[]): Promise<Observation> {
  const [id = "", entry = id] = ids.split(" ");
  const decision = await home.run(["approvals", "approve", entry, "--yes", ...options]);
  const followed = outcomeOf(await home.run(["runs", "follow", id, "--json", "-t", "20s"]));
  return { decided: decision.code, error: decision.code === 0 ? undefined : decision.stderr.slice(-300), ...followed };
}

/** Starts a run that holds a request. Returns the ids of the run and of the entry of the inbox. */
async function heldEntry(service: OddService, home: Home): Promise<string> {
  const id = await detached(HELD)(service, home);
  for (;;) {
    const { stdout } = await home.run(["approvals", "list", "--json"]);
    const [entry] = JSON.parse(stdout) as { entry_id: string }[];
    if (entry) return `${id} ${entry.entry_id}`;
  }
}
