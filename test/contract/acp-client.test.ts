/** The official client drives the built file: it checks every message against schemas that we have not written. */
import { describe, expect, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { type OnClient, obstacle, type Update, withClient } from "./acp-sdk.ts";

const INITIALIZE = { protocolVersion: 1, clientCapabilities: { auth: { terminal: true } } };
const WHERE = { cwd: "/a/folder", mcpServers: [] };
const text = (words: string) => [{ type: "text", text: words }];

/** A client that answers its user's questions with `optionId`, and keeps what it was told. */
function user(optionId = "allow") {
  const updates: Update[] = [];
  const questions: string[] = [];
  const on: OnClient = {
    permission({ toolCall, options }) {
      questions.push(`${toolCall.title}: ${options.map(({ kind }) => kind).join(", ")}`);
      return { outcome: { outcome: "selected", optionId } };
    },
    update: ({ update }) => void updates.push(update),
  };
  const said = () =>
    updates
      .filter(({ sessionUpdate }) => sessionUpdate === "agent_message_chunk")
      .map(({ content }) => content?.text)
      .join("");
  return { on, updates, questions, said };
}

describe.skipIf(obstacle !== "")(`the official client${obstacle}`, () => {
  test("initializes, authenticates, prompts, resumes, closes", async () => {
    const { env, cloud } = await startCloud();
    const { on, updates, said } = user();
    const code = await withClient(env, on, async (agent) => {
      const { authMethods } = await agent.request("initialize", INITIALIZE);
      expect(authMethods).toMatchObject([{ id: "seren-key" }, { id: "seren-login", type: "terminal" }]);
      await agent.request("authenticate", { methodId: "seren-key" });
      const { sessionId } = await agent.request("session/new", WHERE);
      const steps = script(
        { think: "hm" },
        { tool: "read_file", args: { path: "a.ts" }, result: "1" },
        { artifact: { id: "a", kind: "file", title: "Report", url: "https://files.example.com/a" } },
        { text: "Hello there" },
      );
      expect(await agent.request("session/prompt", { sessionId, prompt: text(steps) })).toMatchObject({
        stopReason: "end_turn",
      });
      expect(said()).toBe("Hello there");
      expect(updates.map(({ sessionUpdate }) => sessionUpdate)).toEqual([
        "agent_thought_chunk",
        "tool_call",
        "tool_call_update",
        "tool_call",
        "agent_message_chunk",
      ]);
      await agent.request("session/close", { sessionId });
      await agent.request("session/resume", { ...WHERE, sessionId });
      await expect(
        agent.request("session/prompt", { sessionId, prompt: text(script({ fail: "no luck" })) }),
      ).rejects.toThrow(/no luck/);
    });
    expect(code).toBe(0);
    expect(cloud.stats()).toMatchObject({ runsStarted: 2, runsActive: [] });
  });

  test.each([
    ["allow", { stopReason: "end_turn" }],
    ["reject", /Not approved: deploy/],
  ] as const)("asks its user: %s", async (optionId, end) => {
    const { env } = await startCloud();
    const { on, questions } = user(optionId);
    await withClient(env, on, async (agent) => {
      await agent.request("initialize", INITIALIZE);
      const { sessionId } = await agent.request("session/new", WHERE);
      const prompt = text(script({ approve: "deploy", args: { env: "prod" } }, { text: "Done" }));
      const turn = agent.request("session/prompt", { sessionId, prompt });
      if (end instanceof RegExp) await expect(turn).rejects.toThrow(end);
      else expect(await turn).toMatchObject(end);
    });
    expect(questions).toEqual(["deploy: allow_once, reject_once"]);
  });

  test("cancels a turn, and an end of the client cancels another", async () => {
    const { env, cloud, run } = await startCloud();
    const { on } = user();
    await withClient(env, on, async (agent) => {
      await agent.request("initialize", INITIALIZE);
      const { sessionId } = await agent.request("session/new", WHERE);
      const turn = agent.request("session/prompt", { sessionId, prompt: text(script({ hang: true })) });
      await run(0);
      await agent.notify("session/cancel", { sessionId });
      expect(await turn).toMatchObject({ stopReason: "cancelled" });
      void agent.request("session/prompt", { sessionId, prompt: text(script({ hang: true })) }).catch(() => undefined);
      await run(1);
    });
    expect(await (await run(1)).ended).toBe("cancelled");
    expect(cloud.stats().runsActive).toEqual([]);
  });
});
