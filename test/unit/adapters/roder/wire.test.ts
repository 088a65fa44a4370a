/** The extension behind the real wire, line by line: C1 to C3 as far as they depend on both. */

import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createRoderExtension } from "../../../../src/adapters/roder/index.ts";
import { type Execute, RunRegistry } from "../../../../src/core/index.ts";
import { type EndCause, serve } from "../../../../src/stdio/index.ts";
import { realAmbient } from "../../../../src/support/ambient.ts";
import { silentLog } from "../../../../src/support/log.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { INITIALIZE } from "../../../support/child-process/roder-initialize.ts";
import { dispatchParams, type Json, manifestOnDisk } from "./harness.ts";
import { FakeRuns, Remote, RUN } from "./remote.ts";

class Session {
  readonly input = new PassThrough();
  readonly lines: Json[] = [];
  readonly remotes: Remote[] = [];
  readonly ended: Promise<EndCause>;
  #waiting: { wanted: (line: Json) => boolean; resolve: (line: Json) => void }[] = [];

  constructor() {
    const output = new PassThrough();
    const execute: Execute = (request, limits) => {
      const remote = new Remote(realAmbient, request, limits);
      this.remotes.push(remote);
      return remote.name().say("a \u2028 b\ud83d").end().generate();
    };
    let rest = "";
    output.setEncoding("utf8");
    output.on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) this.#take(JSON.parse(part));
    });
    const extension = createRoderExtension({
      registry: new RunRegistry(async () => execute, realAmbient, { redactor: createRedactor() }),
      ambient: realAmbient,
      log: silentLog,
      manifest: manifestOnDisk(),
      target: () => ({ kind: "deployment", deploymentId: "d", named: "a test" }),
      definitions: () => [],
      runs: new FakeRuns(),
    });
    this.ended = serve({
      input: this.input,
      output,
      ...extension,
      redactor: createRedactor(),
      log: silentLog,
      ambient: realAmbient,
      shutdown: new AbortController().signal,
    }).ended;
  }

  write(line: string): void {
    this.input.write(line);
  }

  request(id: number, method: string, params: unknown): Promise<Json> {
    this.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    return this.line((line) => line.id === id);
  }

  /** The first line, past or future, that is wanted. */
  line(wanted: (line: Json) => boolean): Promise<Json> {
    const known = this.lines.find(wanted);
    return known ? Promise.resolve(known) : new Promise((resolve) => void this.#waiting.push({ wanted, resolve }));
  }

  #take(line: Json): void {
    this.lines.push(line);
    const met = this.#waiting.filter(({ wanted }) => wanted(line));
    this.#waiting = this.#waiting.filter((one) => !met.includes(one));
    for (const { resolve } of met) resolve(line);
  }
}

const isTerminal = (id: string) => (line: Json) => {
  const params = line.params as Json | undefined;
  return params?.dispatchId === id && (params.event as Json).type !== "status";
};

test("a session: bad lines, unknown methods and notifications are harmless; acknowledgements come first; ids are repeated; shutdown ends it", async () => {
  const session = new Session();
  session.write('\n  \r\nnot json\n[{"jsonrpc":"2.0","id":99,"method":"tasks/spec"}]\n');
  session.write('{"jsonrpc":"2.0","method":"events/handle","params":{"envelope":{"kind":"x"}}}\n');
  const hello = await session.request(1, "extension/initialize", INITIALIZE);
  expect(hello.result).toMatchObject({ manifestChecksum: manifestOnDisk().checksum });
  expect((await session.request(2, "turns/start", {})).error).toEqual({
    code: -32601,
    message: "there is no method turns/start",
  });
  expect((await session.request(3, "tasks/spec", { executorId: "x" })).error).toMatchObject({ code: -32602 });

  const huge = dispatchParams("d1", { prompt: `p\u2028${"é".repeat(3_000_000)}` });
  expect((await session.request(4, "subagents/dispatch", huge)).result).toEqual({ dispatchId: "d1" });
  const terminal = await session.line(isTerminal("d1"));
  expect(terminal).toMatchObject({
    method: "subagents/event",
    params: { event: { type: "completed", result: { final_message: "a \u2028 b\ufffd", thread_id: RUN.runId } } },
  });
  expect(session.remotes[0]?.request.message).toHaveLength(3_000_002);
  expect((await session.request(5, "extension/shutdown", {})).result).toEqual({});
  expect(await session.ended).toBe("requested");

  const at = (wanted: (line: Json) => boolean) => session.lines.findIndex(wanted);
  expect(at(({ id }) => id === 4)).toBeLessThan(at((line) => "method" in line));
  for (const line of session.lines) {
    expect(line.jsonrpc).toBe("2.0");
    // A notification, or a reply with exactly one of result and error; never a request.
    if ("method" in line) expect("id" in line).toBe(false);
    else expect(Number("result" in line) + Number("error" in line)).toBe(1);
  }
});

test("128 dispatches in one write: each is acknowledged and ends once; stdin may close at once", async () => {
  const session = new Session();
  const ids = Array.from({ length: 128 }, (_, i) => `d${i}`);
  session.write(
    ids
      .map(
        (id, i) =>
          `${JSON.stringify({ jsonrpc: "2.0", id: i + 1, method: "subagents/dispatch", params: dispatchParams(id) })}\n`,
      )
      .join(""),
  );
  await Promise.all(ids.map((id) => session.line(isTerminal(id))));
  session.input.end();
  expect(await session.ended).toBe("eof");
  for (const [i, id] of ids.entries()) {
    expect(session.lines.filter(isTerminal(id))).toHaveLength(1);
    expect(session.lines.filter((line) => line.id === i + 1).map(({ result }) => result)).toEqual([{ dispatchId: id }]);
  }
});
