/** Hostile answers of a service, played to every front end of the built program: each ends as it should, within its bounds. */
import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { AcpHost } from "../support/child-process/acp-host.ts";
import { API_KEY } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { inflating, MARK } from "../support/child-process/inflating-proxy.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";
import { HAVE_PTY, startPty } from "../support/child-process/pty.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

/** Enough for what is bounded, and too little for what is kept of a hostile answer. */
const HEAP = { NODE_OPTIONS: "--max-old-space-size=128" };

type Env = Record<string, string>;

/** Plays a prompt through a front end. Returns how it ended, and everything that was written where that is not checked by the host. */
type Play = (env: Env, prompt: string, secrets: string[]) => Promise<{ end: string; said: string }>;

const terminal =
  (...options: string[]): Play =>
  async (env, prompt) => {
    const { child, ended } = startTerminal(env, ["run", ...options, "-"]);
    child.stdin.end(prompt);
    const { code, stdout, stderr } = await ended;
    return { end: `exit ${code}`, said: stdout + stderr };
  };

const FRONT_ENDS: Record<string, Play> = {
  courier: async (env, input, secrets) => {
    const host = new CourierHost({ env, secrets });
    const session = await host.open(parcel("chat"));
    const { result, error } = await host.run(parcel("chat"), session, { kind: "chat", input });
    await host.end();
    return { end: error ? error.message : `${result?.kind}`, said: host.child.stderr };
  },
  roder: async (env, prompt, secrets) => {
    const host = await RoderHost.initialized({ env, secrets });
    await host.execute("e", { prompt });
    const { type } = await host.terminal("e");
    await host.end();
    return { end: type, said: host.child.stderr };
  },
  mcp: async (env, prompt, secrets) => {
    const host = await McpHost.initialized({ env, secrets });
    const { run_id } = await host.state("seren_dispatch", { prompt });
    let status = "running";
    while (status === "running") {
      const { structuredContent, content } = await host.call("seren_run_status", { run_id, wait_seconds: 30 });
      if (structuredContent) status = `${structuredContent.status}`;
      // A look is bounded, and may have had no time for so large an answer.
      else expect(content[0]?.text).toContain("ask again in a moment");
    }
    await host.end();
    return { end: status, said: host.child.stderr };
  },
  acp: async (env, prompt, secrets) => {
    const { host, sessionId } = await AcpHost.inSession({ env, secrets });
    const { result, error } = await host.prompt(sessionId, prompt);
    await host.end();
    return { end: error ? error.message : `${result?.stopReason}`, said: host.child.stderr };
  },
  run: terminal(),
  "run --json": terminal("--json"),
  ...(HAVE_PTY
    ? {
        "run on a terminal": async (env: Env, prompt: string) => {
          const pty = startPty(env, ["run", prompt]);
          const code = await pty.ended;
          return { end: `exit ${code}`, said: pty.shown() };
        },
      }
    : {}),
};

/** How a front end ends where the run completed. */
const COMPLETED: Record<string, string> = { courier: "done", roder: "completed", mcp: "completed", acp: "end_turn" };

const every = (count: number, step: (index: number) => object) => Array.from({ length: count }, (_, at) => step(at));
const deep = "[".repeat(100_000) + "]".repeat(100_000);
const long = JSON.stringify("i".repeat(3_900_000));
const forms = [
  API_KEY,
  Buffer.from(API_KEY).toString("base64"),
  Buffer.from(API_KEY).toString("hex"),
  Buffer.from(`user:${API_KEY}`).toString("base64"),
  encodeURIComponent(API_KEY),
];
const CONTROLS = "\u001b]52;c;aGk=\u0007\u001bPq\u001b\\\u009b31m\u202e\u200b\u{e0041}\r\u0008";

interface Hostile {
  name: string;
  steps: object[];
  /** In the place of the mark. */
  json?: string;
}

const HOSTILE: Hostile[] = [
  {
    name: "members that are nested 100,000 levels deep",
    json: deep,
    steps: [{ tool: "look", args: MARK, result: MARK }, { raw: { event_type: "artifact", id: "a", payload: MARK } }],
  },
  {
    name: "one event with two million empty lists",
    json: `[${"[],".repeat(2_000_000)}[]]`,
    steps: [{ tool: "look", args: MARK, result: "r" }],
  },
  {
    name: "ids, names and addresses of 3.9 MB",
    json: long,
    steps: every(
      12,
      (at) =>
        [
          { raw: { event_type: "tool_call", id: MARK, name: "t", arguments: {} } },
          { raw: { event_type: "tool_call", id: `c${at}`, name: MARK, arguments: {} } },
          { raw: { event_type: "artifact", id: MARK, kind: "file", title: "t" } },
          { raw: { event_type: "artifact", id: `a${at}`, kind: "file", url: MARK } },
        ].at(at % 4) as object,
    ),
  },
  {
    name: "the key in every form, in every kind of event",
    steps: forms.flatMap((form) => [
      { text: `it is ${form} here\n` },
      { think: form },
      { tool: form.slice(0, 60), args: { form }, result: form },
      { artifact: { id: form, kind: "file", title: form } },
      { error: form, code: form, retryable: true },
    ]),
  },
  {
    name: "control characters, direction marks and tags",
    steps: [
      { text: `before${CONTROLS}after\n` },
      { think: CONTROLS },
      { tool: `t${CONTROLS}`, args: { a: CONTROLS }, result: CONTROLS },
      { artifact: { id: "a", kind: "file", title: CONTROLS } },
    ],
  },
];

const CASES = HOSTILE.flatMap((hostile) => Object.keys(FRONT_ENDS).map((frontEnd) => ({ ...hostile, frontEnd })));

describe.each(HOSTILE)("$name", ({ name }) => {
  test.each(CASES.filter((one) => one.name === name))(
    "$frontEnd",
    { timeout: 60_000 },
    async ({ frontEnd, steps, json }) => {
      const cloud = await startCloud();
      const { SEREN_API_BASE: origin } = cloud.env;
      const env = {
        ...cloud.env,
        ...HEAP,
        SEREN_API_BASE: json === undefined ? origin : await inflating(origin, json),
      };
      const secrets = forms.filter((form) => form !== API_KEY);
      const { end, said } = await (FRONT_ENDS[frontEnd] as Play)(env, script(...steps, { text: "the end\n" }), secrets);
      expect(end, said.slice(0, 2_000)).toBe(COMPLETED[frontEnd] ?? "exit 0");
      for (const form of forms) expect(said.includes(form), form).toBe(false);
      expect(said).not.toMatch(/did not foresee|RangeError|heap|uncaught|unhandled/i);
      if (frontEnd === "run on a terminal") {
        const unseen = /[\p{Cc}\u202e\u200b\u{e0041}]/u;
        expect(stripVTControlCharacters(said).replaceAll(/[\r\n]/g, "")).not.toMatch(unseen);
        expect(said).not.toContain("\u001b]52");
      }
    },
  );
});
