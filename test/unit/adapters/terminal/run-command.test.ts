import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { RunOutputLineSchema } from "../../../../src/adapters/terminal/live/run-output-schema.ts";
import { script, startCloud } from "../../../support/child-process/cloud.ts";
import { TestTerminal } from "./harness.ts";
import { TerminalEmulator } from "./terminal-emulator.ts";

const start = async (options: Parameters<typeof startCloud>[0] = {}) => {
  const server = await startCloud(options);
  return { server, terminal: new TestTerminal(server.env) };
};
const lines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => RunOutputLineSchema.parse(JSON.parse(line)));

test("in a pipe the answer is all there is on stdout, byte for byte", async () => {
  const { terminal } = await start();
  const said = await terminal.run([
    "run",
    script({ text: "one\x1b[1m\n" }, { tool: "grep", result: "x" }, { text: "two\n" }),
  ]);
  expect(said).toEqual({ code: 0, stdout: "one\x1b[1m\ntwo\n", stderr: "" });
});

test("- reads the prompt from stdin, and an answer without a line break gets one", async () => {
  const { terminal } = await start();
  const said = await terminal.run(["run", "-"], { stdin: script({ text: "done" }) });
  expect(said).toEqual({ code: 0, stdout: "done\n", stderr: "" });
});

test.each([
  ["- a list\n- of wishes", "unknown option", "seren-bridge run -- '- a list'"],
  ["-x", "unknown option", "seren-bridge run -- '- a list'"],
  ["notes", "is not a built parcel", "echo 'notes' | seren-bridge run -"],
])(
  "a prompt that is taken for something else, %j, gets an error that says how to send it",
  async (prompt, what, how) => {
    const { terminal } = await start();
    terminal.file("notes/a.txt", "");
    const cwd = process.cwd();
    process.chdir(terminal.home);
    try {
      const said = await terminal.run(["run", prompt]);
      expect(said).toMatchObject({ code: 2, stdout: "" });
      expect(said.stderr).toContain(what);
      expect(said.stderr).toContain(how);
    } finally {
      process.chdir(cwd);
    }
  },
);

test("a prompt behind two dashes may begin with a dash", async () => {
  const { terminal } = await start();
  const said = await terminal.run(["run", "--", "- a list\n- of wishes"]);
  expect(said.stdout).toContain("You said: - a list\n- of wishes\n");
});

test.each([
  ["failed", script({ fail: "no disk" }), 1, "seren-bridge: the run failed: no disk\n"],
  [
    "blocked",
    script({ status: "blocked", message: "not allowed" }),
    1,
    "seren-bridge: the run was blocked: not allowed\n",
  ],
  ["timeout", script({ status: "timeout", message: "its own limit" }), 124, "seren-bridge: timed out: its own limit\n"],
])("a run that ends as %s has its exit code and one sentence", async (_, prompt, code, stderr) => {
  const { terminal } = await start();
  expect(await terminal.run(["run", prompt])).toEqual({ code, stdout: "", stderr });
});

test("every line of --json fits the schema; the last one is the outcome", async () => {
  const { terminal } = await start();
  const prompt = script(
    { think: "hm" },
    { text: "a" },
    { tool: "grep", args: { q: 1 }, result: "3 hits" },
    { artifact: { id: "a1", kind: "report", title: "R", url: "https://example.com/r" } },
    { usage: { input_tokens: 5, output_tokens: 7, compute_usd: "0.01", inference_usd: "0.02" } },
  );
  const said = await terminal.run(["run", "--json", prompt]);
  const all = lines(said.stdout);
  expect(all.filter(({ type }) => type !== "status").map(({ type }) => type)).toEqual([
    "thinking",
    "text",
    "tool_call",
    "tool_result",
    "artifact",
    "usage",
    "outcome",
  ]);
  expect(all.at(-1)).toMatchObject({
    type: "outcome",
    outcome: "completed",
    exit_code: 0,
    text: "a",
    usage: { input_tokens: 5, output_tokens: 7, compute_usd: "0.010000", inference_usd: "0.020000" },
    artifacts: [{ title: "R", uri: "https://example.com/r" }],
  });
  expect(said.code).toBe(0);
});

test("an error before there is a run is a line as well", async () => {
  const { terminal } = await start();
  const said = await terminal.run(["run", "--json", "-d", "3b2e0a52-8f2b-4b0c-9d0c-000000000000", "x"]);
  expect(lines(said.stdout).at(-1)).toMatchObject({ type: "error", kind: "not_found", exit_code: 1 });
  expect(said.code).toBe(1);
});

test("the first interrupt cancels the remote run and says so, the second leaves at once", async () => {
  const { server, terminal } = await start();
  const ended = terminal.run(["run", script({ hang: true })]);
  const run = await server.run(0);
  terminal.interrupt();
  terminal.interrupt();
  expect(terminal.left).toBe(130);
  const said = await ended;
  expect(said).toEqual({
    code: 130,
    stdout: "",
    stderr:
      "seren-bridge: cancelling the remote run; interrupt again to exit at once\nseren-bridge: the run was cancelled\n",
  });
  expect(await run.ended).toBe("cancelled");
});

test("--timeout cancels the run", async () => {
  const { server, terminal } = await start();
  const said = await terminal.run(["run", "--timeout", "300ms", script({ hang: true })]);
  expect(said.code).toBe(124);
  expect(server.cloud.stats().runsActive).toEqual([]);
});

test("--detach prints the id alone on stdout and leaves the run going; follow picks it up", async () => {
  const { server, terminal } = await start();
  const said = await terminal.run([
    "run",
    "--detach",
    script({ text: "early\n" }, { approve: "deploy" }, { text: "late\n" }),
  ]);
  const { runId } = await server.run(0);
  expect(said).toMatchObject({ code: 0, stdout: `${runId}\n` });
  expect(server.cloud.stats()).toMatchObject({ runsActive: [runId], cancelsReceived: 0 });
  const following = terminal.run(["runs", "follow", runId.slice(0, 8)]);
  expect((await terminal.run(["approvals", "approve", runId, "--yes"])).code).toBe(0);
  expect(await following).toMatchObject({ code: 0, stdout: "early\nlate\n" });
});

test("an interrupt while following leaves somebody else's run alone", async () => {
  const { server, terminal } = await start();
  await terminal.run(["run", "--detach", script({ text: "hello\n" }, { hang: true })]);
  const { runId } = await server.run(0);
  const stdout = new PassThrough();
  const following = terminal.run(["runs", "follow", runId], { stdout });
  await once(stdout, "data");
  terminal.interrupt();
  expect((await following).code).toBe(130);
  expect(server.cloud.stats()).toMatchObject({ runsActive: [runId], cancelsReceived: 0 });
});

test("--approvals return ends with code 5 and the command that decides", async () => {
  const { server, terminal } = await start();
  const said = await terminal.run(["run", "--approvals", "return", script({ approve: "deploy", reason: "prod" })]);
  const { runId } = await server.run(0);
  expect(said.code).toBe(5);
  expect(said.stderr).toBe(
    `seren-bridge: the run waits for your approval:\n  deploy (prod)\n  decide with: seren-bridge approvals approve ${runId}\n`,
  );
});

test("a parcel runs on the deployment the courier would use, with its entrypoint", async () => {
  const { server, terminal } = await start();
  const said = await terminal.run(["run", "examples/parcels/basic", "hello"]);
  expect(said).toMatchObject({ code: 0, stderr: "" });
  expect(said.stdout).toMatch(/^You said: hello\nInstructions: SOUL\.md/);
  expect((await server.run(0)).deploymentName).toMatch(/^basic-8db9bd5f-[0-9a-f]{8}$/);
});

test.each([
  [["run"], "missing required argument 'what'"],
  [["run", "hello", "world"], "a prompt of several words needs quotes"],
  [["run", "  "], "the prompt is empty"],
  [["run", "-t", "soon", "x"], '--timeout is "soon"'],
  [["run", "--inputs", "{", "x"], "--inputs is not JSON"],
  [["run", "--approvals", "always", "x"], "Allowed choices are wait, return"],
  [["run", "examples/parcels/basic"], "this parcel takes a message"],
  [["rnu"], "(Did you mean run?)"],
  [["runs", "lits"], "(Did you mean list?)"],
  [["run", "--detatch", "x"], "(Did you mean --detach?)"],
])("%j is refused with code 2 and words", async (args, words) => {
  const { server, terminal } = await start();
  const said = await terminal.run(args);
  expect(said.code).toBe(2);
  expect(said.stderr).toContain(words);
  expect(server.cloud.stats().createsReceived).toBe(0);
});

test("without a key it says where one can come from, with code 3", async () => {
  const { server } = await start();
  const terminal = new TestTerminal({ SEREN_API_BASE: server.env.SEREN_API_BASE });
  const said = await terminal.run(["run", "x"]);
  expect(said.code).toBe(3);
  expect(said.stderr).toContain("seren-bridge login");
});

describe("an answer that was cut", () => {
  const CUT = script({ text: "Half" }, { status: "completed", stop_reason: "max_tokens" });
  const WORDS = "completed, but the answer is cut off: the model reached its limit of length";

  test("is no completed run without a word: on stderr in a pipe", async () => {
    const { terminal } = await start();
    expect(await terminal.run(["run", CUT])).toEqual({
      code: 0,
      stdout: "Half\n",
      stderr: `seren-bridge: ${WORDS}\n`,
    });
  });

  test("in place of the check mark in the live view", async () => {
    const { terminal } = await start();
    const stdout = new TerminalEmulator(100);
    await terminal.run(["run", CUT], { stdout, env: { LANG: "C.UTF-8" } });
    expect(stdout.screen.join("\n")).toContain(WORDS);
    expect(stdout.screen.join("\n")).not.toContain("✓");
  });

  test("with a member in JSON", async () => {
    const { terminal } = await start();
    const { stdout } = await terminal.run(["run", "--json", CUT]);
    expect(lines(stdout).at(-1)).toMatchObject({ outcome: "completed", stop_reason: "max_tokens", cut: "length" });
  });

  test("in `runs show`", async () => {
    const { server, terminal } = await start();
    await terminal.run(["run", CUT]);
    const stdout = new TerminalEmulator(100);
    await terminal.run(["runs", "show", (await server.run(0)).runId], { stdout });
    expect(stdout.screen.join("\n")).toContain("the answer is cut off");
  });
});
