/** The official clients drive the built file: they check every message against schemas that we have not written. */
import { describe, expect, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { startFiles } from "../support/child-process/files.ts";
import { connect, GENERATIONS, obstacle } from "./mcp-sdk.ts";

describe.skipIf(obstacle !== "")(`the official clients${obstacle}`, () => {
  test("1.x follows a run as a task", async () => {
    const { env } = await startCloud();
    const client = await connect("1.x", env);
    await client.listTools();
    const seen: string[] = [];
    for await (const { type, result } of client.stream?.("seren_dispatch", { prompt: script({ text: "there" }) }) ??
      []) {
      seen.push(type);
      if (result) expect(result.structuredContent).toMatchObject({ status: "completed", answer: "there" });
    }
    expect(seen[0]).toBe("taskCreated");
    expect(seen.at(-1)).toBe("result");
  });

  describe.each(GENERATIONS)("%s", (generation) => {
    test("connects, lists, starts, waits and reads; results fit their output schemas", async () => {
      const { cloud, env } = await startCloud();
      const client = await connect(generation, env);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual([
        "seren_agents",
        "seren_dispatch",
        "seren_run_status",
        "seren_run_cancel",
      ]);
      expect(client.serverVersion()?.name).toBe("seren-bridge");
      expect((await client.call("seren_agents", {})).structuredContent).toHaveProperty("agents");
      const progress: number[] = [];
      const prompt = script({ text: "Hello " }, { sleep_ms: 200 }, { text: "there" });
      const { structuredContent } = await client.call(
        "seren_dispatch",
        { prompt, wait_seconds: 30 },
        { onprogress: (one) => void progress.push(one.progress) },
      );
      expect(structuredContent).toMatchObject({ status: "completed", answer: "Hello there" });
      expect(progress.length).toBeGreaterThan(0);
      const again = await client.call("seren_run_status", { run_id: structuredContent?.run_id });
      expect(again.structuredContent).toMatchObject({ text: "Hello there" });
      expect((await client.call("seren_dispatch", { prompt: "" })).isError).toBe(true);
      await client.close();
      expect(cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [] });
    });

    test("reads the artifact that a result links", async () => {
      const { env } = await startCloud();
      const files = await startFiles(env, { "notes.md": Buffer.from("# Notes") });
      const client = await connect(generation, files.env);
      const artifact = { id: "a-1", kind: "file", title: "Notes", url: files.at("notes.md") };
      const prompt = script({ artifact }, { text: "Done." });
      const { content } = await client.call("seren_dispatch", { prompt, wait_seconds: 30 });
      const uri = content.find(({ type }) => type === "resource_link")?.uri ?? "";
      expect(await client.readResource(uri)).toMatchObject({ contents: [{ uri, text: "# Notes" }] });
      await expect(client.readResource(`${uri}x`)).rejects.toMatchObject({ code: -32602, data: { uri: `${uri}x` } });
      expect((await client.listResources()).resources).toEqual([]);
      expect((await client.listTemplates()).resourceTemplates).toHaveLength(1);
    });

    test("a look that runs into the client's timeout leaves the run; the end of the client cancels it", async () => {
      const { cloud, env, run } = await startCloud();
      const client = await connect(generation, env);
      const { structuredContent } = await client.call("seren_dispatch", { prompt: script({ hang: true }) });
      const { ended } = await run(0);
      const run_id = structuredContent?.run_id;
      await expect(client.call("seren_run_status", { run_id, wait_seconds: 40 }, { timeout: 300 })).rejects.toThrow();
      expect((await client.call("seren_run_status", { run_id })).structuredContent).toMatchObject({
        status: "running",
      });
      expect(cloud.stats()).toMatchObject({ cancelsReceived: 0 });
      await client.close();
      expect(await ended).toBe("cancelled");
    });

    test.each([
      [true, "completed"],
      [false, "blocked"],
    ])("asks its user: %s is %s", async (approve, status) => {
      const { env } = await startCloud();
      const shown: string[] = [];
      const client = await connect(generation, env, ({ message }) => {
        shown.push(message);
        return { action: "accept", content: { approve } };
      });
      const prompt = script({ approve: "deploy", args: { env: "prod" }, reason: "ship" }, { text: "Done." });
      const { structuredContent } = await client.call("seren_dispatch", { prompt, wait_seconds: 30 });
      expect(structuredContent).toMatchObject({ status });
      expect(shown).toEqual([expect.stringContaining('"env": "prod"')]);
    });
  });
});
