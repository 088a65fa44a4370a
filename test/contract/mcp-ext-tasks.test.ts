/** The official client of the tasks extension follows runs of the built file: it judges every task by schemas that we have not written. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import type { Json } from "../support/child-process/line-check.ts";
import { envelope } from "../support/child-process/mcp-envelope.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";

const MODULES = fileURLToPath(new URL("../../scripts/tools/node_modules/@modelcontextprotocol/", import.meta.url));
const CLIENT = join(MODULES, "ext-tasks/dist/client/index.js");
const obstacle = existsSync(CLIENT) ? "" : " (skipped: the tools are not installed, npm ci --prefix scripts/tools)";

interface Outcome {
  status: string;
  result?: { structuredContent: Json };
}
interface Execution {
  settle(): Promise<{ outcome: Outcome }>;
  cancel(): Promise<void>;
}
interface Session {
  callTool(name: string, args: object): Promise<Execution>;
  close(): Promise<void>;
}

/** Returns a session of the official client whose requests a host of ours carries, as its documentation asks of applications. */
async function connect(env: Record<string, string>, approve?: boolean): Promise<Session> {
  const { withTasks } = await import(pathToFileURL(CLIENT).href);
  const host = new McpHost({ env });
  const capabilities = {
    extensions: { "io.modelcontextprotocol/tasks": {} },
    ...(approve === undefined ? {} : { elicitation: { form: {} } }),
  };
  const nothing = () => () => undefined;
  const port = {
    endpointId: "seren-bridge",
    taskCapabilities: { generation: "v2", capabilities: {} },
    invalidated: false,
    onServerRequest: nothing,
    onNotification: nothing,
    onInvalidated: nothing,
    async dispatch({ method, params }: { method: string; params: { _meta?: object } }) {
      const _meta = { ...params._meta, ...envelope(capabilities) };
      const { result, error } = await host.ask(method, { ...params, _meta });
      return error ? { kind: "error", error } : { kind: "result", result };
    },
  };
  const onInputRequest = async () => ({ action: "accept", content: { approve } });
  const session: Session = withTasks(port, { onInputRequest });
  onTestFinished(() => session.close());
  return session;
}

describe.skipIf(obstacle !== "")(`the official client of the tasks extension${obstacle}`, () => {
  test("follows a run to its result", async () => {
    const { env } = await startCloud();
    const session = await connect(env);
    const execution = await session.callTool("seren_dispatch", {
      prompt: script({ sleep_ms: 100 }, { text: "there" }),
    });
    const { outcome } = await execution.settle();
    expect(outcome).toMatchObject({
      status: "completed",
      result: { structuredContent: { status: "completed", answer: "there" } },
    });
  });

  test.each([
    [true, "completed"],
    [false, "blocked"],
  ])("answers its question: %s is %s", async (approve, status) => {
    const { env } = await startCloud();
    const session = await connect(env, approve);
    const prompt = script({ approve: "deploy", args: { env: "prod" } }, { text: "Done." });
    const { outcome } = await (await session.callTool("seren_dispatch", { prompt })).settle();
    expect(outcome.result?.structuredContent).toMatchObject({ status });
  });

  test("cancels", async () => {
    const { env, run } = await startCloud();
    const session = await connect(env);
    const execution = await session.callTool("seren_dispatch", { prompt: script({ hang: true }) });
    const { ended } = await run(0);
    await execution.cancel();
    expect(await ended).toBe("cancelled");
    expect((await execution.settle()).outcome.status).toBe("cancelled");
  });
});
