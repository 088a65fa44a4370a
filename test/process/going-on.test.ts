/** The next turn of a conversation, and a failed run once more, as a person types them. */
import { beforeEach, describe, expect, test } from "vitest";
import { scratchFolder } from "../support/child-process/child.ts";
import { type Cloud, script, startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const ODD = "Zweitens: “alles”,\n\n- https://example.org/?a=1&b=2\n- 日本語 `code`\n";

let server: Cloud;
let home: string;
const run = (...args: string[]) => startTerminal(server.env, args, home).ended;
const payloads = async (count: number) =>
  Promise.all(Array.from({ length: count }, async (_, index) => (await server.run(index)).payload));

beforeEach(async () => {
  server = await startCloud();
  home = scratchFolder();
});

/** Returns the id of a run that has ended. */
async function ended(prompt: string, ...options: string[]): Promise<string> {
  const { stdout } = await run("run", "--json", ...options, "--", prompt);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "").run_id;
}

describe("runs reply", () => {
  test("is the next turn: same deployment, same conversation, the message as it was typed", async () => {
    const id = await ended("first");
    const { code, stdout, stderr } = await run("runs", "reply", id.slice(0, 8), ODD);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("Earlier turns in this conversation: 1.");
    const [first, second] = await payloads(2);
    expect(second).toMatchObject({ message: ODD, conversation_id: first?.conversation_id });
    expect((await server.run(1)).deploymentName).toBe((await server.run(0)).deploymentName);
  });

  test("a run that has not ended takes none", async () => {
    const { stdout } = await run("run", "--detach", script({ hang: true }));
    const { code, stderr } = await run("runs", "reply", stdout.trim(), "and now?");
    expect(code).toBe(1);
    expect(stderr).toContain(`has not ended; follow it with runs follow ${stdout.trim()}`);
    expect(server.cloud.stats().runsStarted).toBe(1);
  });
});

describe("run --continue", () => {
  test("goes on with the last run of the folder, whichever command started it", async () => {
    const id = await ended("first");
    await run("runs", "reply", id, "second");
    await ended("elsewhere", "--session", "talk");
    expect((await run("run", "--continue", ODD)).stdout).toContain("Earlier turns in this conversation: 1.");
    expect((await payloads(4)).map(({ conversation_id }) => conversation_id === "talk")).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test("without an earlier one nothing is started", async () => {
    const { code, stderr } = await run("run", "-c", "and now?");
    expect(code).toBe(1);
    expect(stderr).toContain("no run was started in this folder yet");
    expect(server.cloud.stats().runsStarted).toBe(0);
  });

  test.each([
    [["--continue", "--session", "s", "p"], "--continue and --session exclude each other"],
    [["--continue", "--model", "m", "p"], "--model and --continue exclude each other"],
    [
      ["-d", "00000000-0000-4000-8000-000000000001", "--model", "m", "p"],
      "--deployment and --model exclude each other",
    ],
    [["--continue", "p", "more"], "a prompt of several words needs quotes"],
    [["--continue", "/"], 'If "/" is the prompt, send it on stdin'],
    [["--model", "m", "/"], "a parcel names its model itself"],
    [["--model", "two words", "p"], "write the id of a model"],
  ])("%j is refused before anything is sent", async (args, words) => {
    const { code, stderr } = await run("run", ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

test("run --model: the general agent on that model, in a deployment of its own that is used again", async () => {
  await ended("one", "--model", "openai/gpt-9");
  await ended("two", "-m", "openai/gpt-9");
  await ended("three");
  const { stdout } = await run("deployments", "list", "--json");
  expect(
    JSON.parse(stdout).map(({ name, model, ours }: { name: string; model?: string; ours: boolean }) => [
      name.replace(/[0-9a-f]{8}$/, "*"),
      model,
      ours,
    ]),
  ).toEqual([
    ["seren-bridge-agent-*", undefined, true],
    ["seren-bridge-agent-openai-gpt-9-*", "openai/gpt-9", true],
  ]);
});

describe("runs retry", () => {
  test("sends the same once more, and says so", async () => {
    const prompt = script({ text: "hm\n" }, { fail: "it broke" });
    const id = await ended(prompt, "--inputs", '{"depth": [1, {"a": "ü"}]}');
    const { code, stdout, stderr } = await run("runs", "retry", id);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "hm\n" });
    expect(stderr).toContain(`Sends what the run ${id} (failed) was asked for once more`);
    const [first, second] = await payloads(2);
    const { client_request_id: one, ...before } = first ?? {};
    const { client_request_id: other, ...after } = second ?? {};
    expect(after).toEqual(before);
    expect(other).not.toBe(one);
  });

  test("a run that has used tools is sent again only when a person says so", async () => {
    const id = await ended(script({ tool: "send_mail", args: {}, result: "sent" }, { fail: "it broke" }));
    const refused = await run("runs", "retry", id);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("has used tools (send_mail)");
    expect(server.cloud.stats().runsStarted).toBe(1);
    await run("runs", "retry", id, "--yes");
    expect(server.cloud.stats().runsStarted).toBe(2);
  });

  test.each([
    ["handed its task on", { type: "handoff", to_agent: "mailer" }, "has used tools (the agent mailer)"],
    [
      "a result without its call",
      { type: "tool_result", id: "t", content: "sent" },
      "has used tools (an unnamed tool)",
    ],
    [
      "a tool that is only in its books",
      { type: "tool_audit", id: "t", tool: "mail", reason: "" },
      "has used tools (mail)",
    ],
    [
      "a decision of a person",
      { type: "approval_decision", decision: "approved" },
      "has used tools (a step that was decided)",
    ],
    [
      "an event of a kind that is not known",
      { type: "mcp_call", name: "x" },
      "has used tools (an event of the kind mcp_call)",
    ],
  ])("nor one that shows %s", async (_, raw, words) => {
    const id = await ended(script({ raw }, { fail: "it broke" }));
    const { code, stderr } = await run("runs", "retry", id);
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(server.cloud.stats().runsStarted).toBe(1);
  });

  test("one that was interrupted may be going on again: it is resumed, or sent when a person says so", async () => {
    const { stdout } = await run("run", "--detach", script({ text: "a" }, { interrupt: "restart" }, { text: "b" }));
    const id = stdout.trim();
    await run("runs", "follow", id); // which does not resume it
    const { code, stderr } = await run("runs", "retry", id);
    expect(code).toBe(1);
    expect(stderr).toContain(`was interrupted and can go on: seren-bridge runs resume ${id}`);
    expect(server.cloud.stats().runsStarted).toBe(1);
    await run("runs", "retry", id, "--yes");
    expect(server.cloud.stats().runsStarted).toBe(2);
  });

  test("thoughts, texts and checks change nothing", async () => {
    const raws = [{ type: "text" }, { type: "guardrail_pass", name: "a" }, { type: "workflow", state: "running" }];
    const id = await ended(script({ think: "hm" }, ...raws.map((raw) => ({ raw })), { fail: "it broke" }));
    await run("runs", "retry", id);
    expect(server.cloud.stats().runsStarted).toBe(2);
  });

  test.each([
    ["completed", script({ text: "done" }), "has completed"],
    ["waiting", script({ approve: "pay" }), "has not ended"],
  ])("one that is %s is not sent again, not even with --yes", async (_, prompt, words) => {
    const id = await ended(prompt, "--approvals", "return");
    const { code, stderr } = await run("runs", "retry", id, "--yes");
    expect(code).toBe(1);
    expect(stderr).toContain(words);
    expect(server.cloud.stats().runsStarted).toBe(1);
  });
});
