/**
 * I9: every line on stdout is one well-formed JSON message the host accepts. The hosts of the harness check every line
 * they get; here the program is made to say difficult things.
 */
import { expect, test } from "vitest";
import { MAX_ROWS } from "../../src/seren/mapping/answers.ts";
import { CHAT_KINDS, startChatHost } from "../support/child-process/chat-hosts.ts";
import { Child } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel, streamedOf } from "../support/child-process/courier-host.ts";
import { answerOf, deploymentRequest } from "../support/child-process/deployment-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

const ODD = [
  "half \ud83d",
  "\udc00 other half",
  "\u0000\u0001\u001b[31m\u007f\u0085",
  "\u2028\u2029\ufeff",
  '"quotes" \\ and \\u escapes \\ud800',
  "🦊👩‍👩‍👧‍👦",
  '{"jsonrpc":"2.0","id":1,"result":{}}\n',
  "日".repeat(70_000),
  '"'.repeat(200_000),
  "\u0001".repeat(200_000),
];
const stepsWith = (most: number) =>
  ODD.flatMap((text) => [
    { text: text.slice(0, most) },
    { tool: text.slice(0, 2_000), args: { [text.slice(0, 100)]: text }, result: text, error: true },
    {
      artifact: {
        id: text.slice(0, 50) || "id",
        kind: text.slice(0, 50) || "kind",
        title: text.slice(0, 500),
        url: text.slice(0, 500),
      },
    },
  ]);
const USAGE = { usage: { input_tokens: 2 ** 50, output_tokens: 2 ** 33 } };
const BIG = script(...stepsWith(200_000), USAGE);
/** An MCP client reads the text in parts, each with a look at the whole run. */
const IN_PARTS = script(...stepsWith(8_000), USAGE);
const DEEP = { inputs: JSON.parse(`${'{"a":['.repeat(40)}1${"]}".repeat(40)}`) };

test("to Roder", { timeout: 120_000 }, async () => {
  const { env } = await startCloud();
  const host = await RoderHost.initialized({ env });
  await host.dispatch("said", { prompt: BIG, ...DEEP });
  await host.execute("done", { prompt: BIG, ...DEEP });
  await host.dispatch("failed", { prompt: script({ error: ODD[0], code: ODD[1] }, { fail: ODD.join("") }) });
  for (const id of ["said", "done", "failed"]) expect(await host.terminal(id)).toMatchObject({ type: "completed" });
  for (const id of ["half \ud83d", "\u0000", "x".repeat(5_000)])
    await host.ask("tasks/cancel", { executorId: "seren-cloud-run", executionId: id });
  for (const name of ODD) await host.ask(name.slice(0, 5_000), {}).catch(() => undefined);
});

test("to Dispatch", { timeout: 120_000 }, async () => {
  const { env } = await startCloud();
  const host = new CourierHost({ env });
  const session = await host.open(parcel("chat"));
  const turn = await host.run(parcel("chat"), session, { kind: "chat", input: BIG });
  expect(turn.error).toBeUndefined();
  expect(streamedOf(turn).startsWith(ODD.map((text) => text.toWellFormed()).join(""))).toBe(true);
  const failed = await host.run(parcel("chat"), session, { kind: "chat", input: script({ fail: ODD.join("") }) });
  expect(failed.error?.code).toBe("run_failed");
  for (const id of ["a\ud800", -0, 1.5, null, {}, "x".repeat(10_000)])
    host.child.send({ jsonrpc: "2.0", id, method: "courier.capabilities", params: {} });
  expect((await host.end()).code).toBe(0);
});

test("to a deployment host", { timeout: 120_000 }, async () => {
  const { env } = await startCloud({
    faults: { rules: ODD.map((message, index) => ({ kind: "fail_build", where: "deploy", message, after: index })) },
  });
  const child = new Child("deployment", { env });
  const agent = (text: string) => ({
    workload: { execution: { type: "llm", instructions: [{ kind: "skill", content: text }] } },
  });
  const requests = ODD.flatMap((text, index) => [
    ["upsert", { name: `${index}${text}`, spec: agent(text || "x") }],
    ["deploy", { spec: { name: text.slice(0, 200), ...agent("Help.") } }],
    ["validate", { spec: { [text]: text, workload: { [text]: { [text]: text } }, code: { [text]: [text] } } }],
    ["upsert", { name: "x", spec: { [text]: text, mode: text } }],
    ["list", { filters: { [text]: text } }],
    ["list", { filters: { name: text } }],
    ["get", { deployment_id: text }],
    ["configure", { config: { [text]: text } }],
    ["configure", { config: { api_origin: text } }],
    ["configure", { config: { api_key: text.slice(0, 50) } }],
    ["configure", { config: {} }],
    [text.slice(0, 5_000), {}],
  ]) as [string, Record<string, unknown>][];
  for (const [index, [kind, params]] of requests.entries()) child.send(deploymentRequest(index + 1, kind, params));
  expect((await child.end()).code).toBe(0);
  // A method that is not known waits for none before it.
  const replied = child.messages.map((one) => (one.kind === "notification" ? undefined : Number(one.id)));
  expect(replied.sort((a = 0, b = 0) => a - b)).toEqual(requests.map((_, index) => index + 1));
});

test("a list of more deployments than fit in a line", { timeout: 60_000 }, async () => {
  const { env, cloud } = await startCloud();
  const body = (name: string) => ({
    name,
    mode: "job",
    skill_slug: "x",
    workload: { execution: { type: "llm", bundle: { instructions: [{ kind: "skill", content: "Help." }] } } },
  });
  const headers = { authorization: `Bearer ${env.SEREN_API_KEY}`, "content-type": "application/json" };
  for (let index = 0; index < MAX_ROWS; index += 1) {
    const text = JSON.stringify(body(`${index}-${"n".repeat(180)}`));
    await cloud.handle({ method: "POST", path: "/publishers/seren-cloud/deploy", headers, body: text });
  }
  const child = new Child("deployment", { env });
  child.send(
    deploymentRequest(1, "list", { filters: null }),
    deploymentRequest(2, "list", { filters: { name: "none" } }),
  );
  expect((await child.end()).code).toBe(0);
  const lists = child.messages.map((one) => answerOf(one).result);
  const sizes = lists.map((one) => (one?.kind === "deployment_list" ? one.deployments.length : undefined));
  expect(sizes).toEqual([MAX_ROWS, 0]);
});

test.each(CHAT_KINDS)("to a host of %s", { timeout: 120_000 }, async (kind) => {
  const { env } = await startCloud();
  const host = await startChatHost(kind, { env });
  const [said, failed] = await Promise.all([
    host.start(kind === "mcp" ? IN_PARTS : BIG),
    host.start(script({ error: ODD[0], code: ODD[1] }, { fail: ODD.join("") })),
  ]);
  const { status, text } = await said.end;
  expect(status).toBe("completed");
  expect(text).toContain("🦊👩‍👩‍👧‍👦");
  expect((await failed.end).status).not.toBe("completed");
  for (const name of ODD) {
    for (const params of [
      { [name]: name },
      [name],
      { name, uri: name, sessionId: name, methodId: name, taskId: name },
    ]) {
      const methods = [
        "tools/call",
        "resources/read",
        "tasks/get",
        "session/prompt",
        "authenticate",
        name.slice(0, 5_000),
      ];
      for (const method of methods) host.rpc.send(method, params);
    }
  }
  expect((await host.rpc.end()).code).toBe(0);
});
