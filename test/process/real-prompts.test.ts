/** Prompts as people write them, through every way in: each reaches the service as it was written, and the answer comes back. */
import { expect, test } from "vitest";
import { startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";
import { PROMPTS } from "../support/prompts.ts";

const PROMPT_LIST = Object.entries(PROMPTS);
/** Linux takes no longer argument. */
const MAX_ARGUMENT_BYTES = 128 * 1024 - 1;

test("a Dispatch turn", async () => {
  const server = await startCloud();
  const host = new CourierHost({ env: server.env });
  const folder = parcel("chat");
  const session = await host.open(folder);
  for (const [index, [name, prompt]] of PROMPT_LIST.entries()) {
    const exchange = await host.run(folder, session, { kind: "chat", input: prompt });
    expect((await server.run(index)).payload.message, name).toBe(prompt);
    expect(answerOf(exchange), name).toContain("You said: ");
  }
  await host.end();
});

test("a Roder task and a dispatch", async () => {
  const server = await startCloud();
  const host = await RoderHost.initialized({ env: server.env });
  let index = 0;
  for (const [name, prompt] of PROMPT_LIST) {
    await host.execute(`task-${index}`, { prompt });
    expect(await host.terminal(`task-${index}`), name).toMatchObject({ type: "completed" });
    await host.dispatch(`dispatch-${index}`, { subagent_type: "seren-agent", prompt });
    expect(await host.terminal(`dispatch-${index}`), name).toMatchObject({ type: "completed" });
    expect((await server.run(index)).payload.message, name).toBe(prompt);
    expect((await server.run(index + 1)).payload.message, name).toBe(prompt);
    index += 2;
  }
  await host.end();
});

test.each(PROMPT_LIST)("the terminal, as an argument and on stdin: %s", async (_, prompt) => {
  const server = await startCloud();
  let runs = 0;
  if (Buffer.byteLength(prompt) <= MAX_ARGUMENT_BYTES) {
    const { code, stderr } = await startTerminal(server.env, ["run", "--", prompt]).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect((await server.run(runs)).payload.message).toBe(prompt);
    runs += 1;
  }
  const { child, ended } = startTerminal(server.env, ["run", "-"]);
  child.stdin.end(prompt);
  expect((await ended).code).toBe(0);
  expect((await server.run(runs)).payload.message).toBe(prompt);
});
