/** Members that are nested 100,000 levels deep, inside otherwise good answers: no call of ours may follow them to the end. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const MARK = "deep-member-here";
const LEVELS = 100_000;
const SHAPES = {
  lists: "[".repeat(LEVELS) + "]".repeat(LEVELS),
  objects: `${'{"a":'.repeat(LEVELS)}1${"}".repeat(LEVELS)}`,
};

/** Hands everything on, with something deep in the place of the mark. */
async function deepening(origin: string, deep: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "GET", headers } = request;
    const answer = await fetch(origin + request.url, {
      method,
      headers: { authorization: headers.authorization ?? "", "content-type": "application/json" },
      ...(method === "GET" ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body ?? []) {
        response.write(decoder.decode(chunk, { stream: true }).replaceAll(`"${MARK}"`, deep));
      }
      response.end();
    } catch {
      response.destroy(); // the service has ended
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each(Object.entries(SHAPES))("deep %s cost no command its answer", { timeout: 120_000 }, async (_, deep) => {
  const cloud = await startCloud();
  const base = await deepening(cloud.env.SEREN_API_BASE, deep);
  const env = { ...cloud.env, SEREN_API_BASE: base };
  const prompt = script(
    { tool: "look", args: MARK, result: MARK },
    { tool: "look", args: { at: MARK }, result: { found: MARK } },
    { raw: { event_type: "tool_call", name: MARK, arguments: MARK, message: MARK, extra: MARK } },
    { raw: { event_type: MARK, usage: MARK } },
    { text: "the answer\n" },
  );
  const ran = await startTerminal(env, ["run", prompt]).ended;
  expect(ran).toEqual({ code: 0, stdout: "the answer\n", stderr: "" });
  const listed = await startTerminal(env, ["runs", "list", "--json"]).ended;
  const [, id = ""] = /"run_id": ?"([^"]+)"/.exec(listed.stdout) ?? [];
  expect(id).not.toBe("");
  for (const command of [
    ["runs", "show", id],
    ["runs", "show", id, "--json"],
    ["runs", "follow", id],
    ["runs", "follow", id, "--json"],
  ]) {
    const { code, stdout, stderr } = await startTerminal(env, command).ended;
    expect(code, command.join(" ") + stdout.slice(0, 500) + stderr.slice(0, 500)).toBe(0);
    expect(stderr).not.toMatch(/did not foresee|RangeError/);
  }
  const asks = script({ approve: "deploy", args: MARK, reason: MARK }, { approve: "again", args: { at: [MARK] } });
  expect(await startTerminal(env, ["run", "--approvals", "return", asks]).ended).toMatchObject({ code: 5 });
  const waiting = await startTerminal(env, ["approvals", "list"]).ended;
  expect(waiting).toMatchObject({ code: 0, stdout: expect.stringContaining("deploy"), stderr: "" });
});
