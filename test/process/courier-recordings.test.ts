/**
 * Every line that Dispatch 0.4 sent in the recorded commands, sent again to the built file. Two things differ from the
 * recording, as they would under the real host: the parcel's folder, and the session, which is the one we answered.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import type { CourierSession } from "#protocols/dispatch-courier";
import type { Agent, AgentContext } from "../../src/local/index.ts";
import { CLEAN_EXIT, ROOT } from "../support/child-process/child.ts";
import { type Cloud, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, type Exchange, parcel } from "../support/child-process/courier-host.ts";
import { built, manifestOf, sha256 } from "../unit/parcel/parcels.ts";

const RECORDINGS = join(ROOT, "test/fixtures/dispatch/recordings");
const SECRETS = {
  BROKER_TOKEN: "broker-secret-1",
  PLANNER_USER: "planner-secret-2",
  PLANNER_PASS: "planner-secret-3",
  REPORT_DB_URL: "report-secret-4",
  REPORT_TOKEN: "report-secret-5",
};
const REFUSED_KIND = "error unsupported_operation";
const TURN = "text_delta message done > done 1";
const ONE_TURN = ["session 0", TURN, "ok"];

/** What we answer: one entry a host line, `events > reply`; a signal is answered by the end. */
const EXPECTED: Readonly<Record<string, string[]>> = {
  "chat-new": ["capabilities", ...ONE_TURN],
  "chat-resume": ["session 1", "text_delta message done > done 2", "ok"],
  conformance: [
    "ok",
    REFUSED_KIND,
    "inspection",
    "session 0",
    "prompt_resolved done > done 1",
    "local_tools_listed done > done 1",
    TURN,
    "session 0",
    TURN,
    "session 0",
    TURN,
    "session 0",
    "ok",
    "ok",
    "ok",
    "ok",
  ],
  detach: ONE_TURN,
  "detach-stop": ["session 0", "text_delta > error run_cancelled"],
  eval: ["session 0", TURN, "session 0", REFUSED_KIND, "ok", "ok"],
  foreign: [REFUSED_KIND],
  "heartbeat-null": ONE_TURN,
  "heartbeat-payload": ONE_TURN,
  "inspect-tools": ["ok", "inspection"],
  interactive: ["session 0", TURN, "text_delta message done > done 2", "text_delta message done > done 3", "ok"],
  interrupt: ["session 0", "text_delta > error run_cancelled"],
  "invoke-tool": ["session 0", REFUSED_KIND, "ok"],
  job: ONE_TURN,
  "list-tools": ["session 0", "local_tools_listed done > done 1", "ok"],
  mounts: ONE_TURN,
  "mounts-unsupported": [REFUSED_KIND],
  "native-refused": [REFUSED_KIND],
  "print-prompt": ["session 0", "prompt_resolved done > done 1", "ok"],
  serve: [
    ...ONE_TURN,
    ...[1, 2, 3, 4, 5, 6].flatMap((turns) => [`session ${turns}`, `text_delta message done > done ${turns + 1}`, "ok"]),
  ],
  "source-dir": ONE_TURN,
  "timeout-run": ["session 0", "error run_timeout", "ok"],
  "unicode-chat": ONE_TURN,
  "wrong-entrypoint": ["session 0", "error bad_request", "ok"],
};
/** Work without end; those that are interrupted say something first, so that we know when they are at it. */
const SLOW: Readonly<Record<string, Agent>> = {
  "timeout-run": (stage) => stage.hang(),
  interrupt: talkThenHang,
  "detach-stop": talkThenHang,
};

test("no recording is left out", () => {
  const names = readdirSync(RECORDINGS).map((file) => file.replace(/\.jsonl$/, ""));
  expect(Object.keys(EXPECTED).sort()).toEqual(names.sort());
});

test.each(Object.keys(EXPECTED))("%s", async (name) => {
  const server = await startCloud({ agent: SLOW[name] });
  const replay = new Replay(server, recorded(name));
  expect(await replay.run()).toEqual(EXPECTED[name]);
  expect(server.cloud.stats().runsActive).toEqual([]);
});

const SessionSchema = z.looseObject({ turn_count: z.int(), elapsed_ms: z.int() });
type RecordedSession = z.output<typeof SessionSchema>;
const EntrySchema = z.object({ process: z.int(), dir: z.string(), line: z.string() });
const LineSchema = z.looseObject({
  id: z.literal(1),
  method: z.string(),
  params: z.looseObject({ parcel_dir: z.string().optional(), session: SessionSchema.optional() }),
});
type Entry = z.output<typeof EntrySchema>;
const CAPABILITIES =
  '{"jsonrpc":"2.0","id":1,"method":"courier.capabilities","params":{"kind":"capabilities","protocol_version":1}}';

function recorded(name: string): Entry[] {
  const lines = readFileSync(join(RECORDINGS, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n");
  const entries = lines.map((line) => EntrySchema.parse(JSON.parse(line))).filter(({ dir }) => dir !== "plugin");
  // Nearly every command begins with this one-shot, byte for byte the same; one of them stands for all.
  const oneShots = entries.filter(({ line }) => line === CAPABILITIES).map(({ process }) => process);
  return name === "chat-new" ? entries : entries.filter(({ process }) => !oneShots.includes(process));
}

async function talkThenHang(stage: AgentContext): Promise<void> {
  stage.text("on it\n");
  await stage.hang();
}

class Replay {
  readonly #server: Cloud;
  readonly #entries: Entry[];
  readonly #hosts = new Map<number, CourierHost>();
  /** What was answered, oldest first. */
  readonly #sessions: { process: number; session: CourierSession }[] = [];
  readonly #ended = new Set<number>();
  readonly #transcript: string[] = [];

  constructor(server: Cloud, entries: Entry[]) {
    this.#server = server;
    this.#entries = entries;
  }

  async run(): Promise<string[]> {
    for (const [index, entry] of this.#entries.entries()) {
      const host = this.#host(entry.process);
      if (this.#ended.has(entry.process)) continue;
      if (entry.dir === "host") await this.#send(host, entry, this.#interrupted(index));
      else if (entry.dir === "host-eof") expect(await host.end()).toEqual(CLEAN_EXIT);
      else if (entry.dir === "signal") await this.#signal(host, entry.line);
    }
    return this.#transcript;
  }

  #host(process: number): CourierHost {
    const known = this.#hosts.get(process);
    if (known) return known;
    const env = { ...this.#server.env, ...SECRETS };
    const host = new CourierHost({ env, secrets: Object.values(SECRETS) });
    this.#hosts.set(process, host);
    return host;
  }

  /** Whether the process is sent a signal before the host has its answer. */
  #interrupted(index: number): boolean {
    const { process } = this.#entries[index] as Entry;
    return this.#entries.slice(index + 1).find((entry) => entry.process === process)?.dir === "signal";
  }

  async #send(host: CourierHost, { process, line }: Entry, interrupted: boolean): Promise<void> {
    const message = LineSchema.parse(JSON.parse(line));
    const { params } = message;
    if (params.parcel_dir !== undefined) params.parcel_dir = await folderOf(params.parcel_dir);
    if (params.session) params.session = this.#sessionLike(params.session, process);
    host.child.send(message);
    if (interrupted) {
      await this.#server.run(0);
      await host.child.find(({ kind }) => kind === "notification");
      return;
    }
    const exchange = await host.heard();
    this.#transcript.push(summaryOf(exchange));
    const { result, error } = exchange;
    if (result?.kind === "session" || result?.kind === "done")
      this.#sessions.push({ process, session: result.session });
    if (error && message.method === "courier.open_session") {
      // The host lets go of a process that could not open a session.
      expect(await host.end()).toEqual(CLEAN_EXIT);
      this.#ended.add(process);
    }
  }

  /** The session of ours that the host would send: the one after as many turns, of this process or of an earlier one. */
  #sessionLike(recorded: RecordedSession, process: number): RecordedSession {
    const like = this.#sessions.filter(({ session }) => session.turn_count === recorded.turn_count);
    const own = like.findLast((one) => one.process === process) ?? like.at(-1);
    return own ? { ...own.session, elapsed_ms: recorded.elapsed_ms } : recorded;
  }

  async #signal(host: CourierHost, name: string): Promise<void> {
    const exit = await host.child.signal(name === "SIGINT" ? "SIGINT" : "SIGTERM");
    this.#transcript.push(summaryOf(await host.heard()));
    expect(exit).toEqual(CLEAN_EXIT);
  }
}

/** Where the parcel is here; the host names a built one by its digest. */
async function folderOf(recordedPath: string): Promise<string> {
  const [, source, name = ""] = /\/(parcels|sources|scratch)\/([a-z-]+)/.exec(recordedPath) ?? [];
  return source === "scratch" ? conformanceParcel(name) : parcel(name);
}

/** What the conformance suite builds for itself: `compatible`, `incompatible`, `job` or `heartbeat`. */
async function conformanceParcel(name: string): Promise<string> {
  const { courier, mounts } = await manifestOf("mounts");
  const files = { "SOUL.md": "Soul body\n", "tools/demo.sh": "cat >/dev/null\necho ok\n" };
  return built(files, {
    name: `conformance-${name}`,
    courier: name === "incompatible" ? { kind: "native", reference: "dispatch/native:latest" } : courier,
    entrypoint: name === "job" || name === "heartbeat" ? name : "chat",
    instructions: [{ kind: "soul", packaged_path: "SOUL.md", sha256: sha256(files["SOUL.md"]) }],
    mounts,
    tools: [
      {
        kind: "local",
        alias: "demo",
        packaged_path: "tools/demo.sh",
        runner: { command: "sh", args: [] },
        approval: null,
        risk: null,
        description: null,
        input_schema: null,
      },
    ],
  });
}

function summaryOf({ events, result, error }: Exchange): string {
  const kinds = events.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1]);
  const turns = result?.kind === "session" || result?.kind === "done" ? ` ${result.session.turn_count}` : "";
  const reply = error ? `error ${error.code}` : `${result?.kind}${turns}`;
  return [kinds.join(" "), reply].filter(Boolean).join(" > ");
}
