/** Artifacts as resources of the MCP server, through the built file. */
import { describe, expect, test } from "vitest";
import { API_KEY, CLEAN_EXIT } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { startFiles } from "../support/child-process/files.ts";
import type { Json } from "../support/child-process/line-check.ts";
import { envelope } from "../support/child-process/mcp-envelope.ts";
import { McpHost } from "../support/child-process/mcp-host.ts";

const PIXEL = Buffer.from("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de", "hex");
const FILES = {
  "notes.md": Buffer.from("# Grüße 🎉\n"),
  "pixel.png": PIXEL,
  "large.bin": Buffer.alloc(700_001, 0xff),
  "full.bin": Buffer.alloc(700_000, 0xff),
  "quotes.txt": Buffer.from('"\u0001'.repeat(300_000)),
  "secret.txt": Buffer.from(`the key is ${API_KEY}`),
  "secret.bin": Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(API_KEY)]),
  "never.bin": undefined,
};
type Name = keyof typeof FILES;

const signed = "X-Amz-Signature=0123456789abcdef0123456789abcdef";

interface Link {
  uri: string;
  name: string;
  mimeType?: string;
}

/** A run that has left these files; returns the links of its result by the name of the file. */
async function started(names: readonly Name[], { capabilities = {} }: { capabilities?: object } = {}) {
  const { cloud, env } = await startCloud();
  const files = await startFiles(env, FILES);
  const host = await McpHost.initialized({ env: files.env }, { capabilities });
  const artifacts = names.map((name) => ({
    artifact: { id: `${files.at(name)}?${signed}`, kind: "file", title: name, url: `${files.at(name)}?${signed}` },
  }));
  const result = await host.call("seren_dispatch", {
    prompt: script({ text: "Done." }, ...artifacts),
    wait_seconds: 30,
  });
  const links = new Map(result.content.slice(1).map((link) => [(link as Link).name, link as Link]));
  const contentsOf = async (name: Name, more: object = {}) => {
    const read = await host.result("resources/read", { uri: links.get(name)?.uri, ...more });
    return (read.contents as Json[])[0] as Json;
  };
  return { cloud, host, files, result, links, contentsOf, runId: result.structuredContent?.run_id as string };
}

test("an ended run links its artifacts in both forms, and each can be read in both eras", async () => {
  const { host, result, links, contentsOf, runId, files } = await started(["notes.md", "pixel.png"]);
  const shown = result.structuredContent?.artifacts as Json[];
  expect(shown.map(({ title, uri }) => [title, uri])).toEqual([...links.values()].map(({ name, uri }) => [name, uri]));
  expect(links.get("notes.md")).toMatchObject({
    type: "resource_link",
    uri: expect.stringMatching(new RegExp(`^seren://runs/${runId}/artifacts/[\\w.~-]+$`)),
    mimeType: "text/markdown",
  });
  const [{ text }] = result.content;
  for (const { uri } of links.values()) expect(text).toContain(uri);
  const uri = links.get("notes.md")?.uri;
  const notes = { uri, mimeType: "text/markdown", text: "# Grüße 🎉\n" };
  expect(await contentsOf("notes.md")).toEqual(notes);
  expect(await contentsOf("pixel.png")).toMatchObject({ mimeType: "image/png", blob: PIXEL.toString("base64") });
  const alone = await host.result("resources/read", { uri, _meta: envelope() });
  expect(alone).toMatchObject({ resultType: "complete", cacheScope: "private", contents: [notes] });
  expect(files.fetched).toEqual(["notes.md", "pixel.png", "notes.md"]);
  const wire = host.child.messages.map((message) => JSON.stringify(message)).join("\n");
  expect(wire).not.toContain("Amz");
  expect(wire).not.toContain("/files/");
  expect(await host.end()).toEqual(CLEAN_EXIT);
});

test("nothing is listed, and one template says how an address looks, in both eras", async () => {
  const { cloud, env } = await startCloud();
  const host = await McpHost.initialized({ env });
  for (const more of [{}, { _meta: envelope() }]) {
    expect(await host.result("resources/list", more)).toMatchObject({ resources: [] });
    expect(await host.result("resources/templates/list", more)).toMatchObject({
      resourceTemplates: [{ uriTemplate: "seren://runs/{run_id}/artifacts/{artifact_id}" }],
    });
  }
  for (const method of ["resources/subscribe", "resources/unsubscribe"])
    expect((await host.ask(method, { uri: "seren://runs/x/artifacts/y" })).error?.code).toBe(-32601);
  expect(cloud.stats()).toMatchObject({ createsReceived: 0, deploymentsCreated: 0 });
});

test("a client of a revision without links gets none, and the text has the address", async () => {
  const { env } = await startCloud();
  const host = await McpHost.initialized({ env }, { revision: "2025-03-26" });
  const url = "https://files.example/a-1";
  const prompt = script({ artifact: { id: "a-1", kind: "file", url } }, { text: "Done." });
  const { content } = await host.call("seren_dispatch", { prompt, wait_seconds: 30 });
  expect(content).toHaveLength(1);
  expect(content[0].text).toMatch(/seren:\/\/runs\/[0-9a-f-]{36}\/artifacts\/a-1/);
});

test("content that the service keeps itself is read as JSON, and what is only a name has no address", async () => {
  const { env } = await startCloud();
  const host = await McpHost.initialized({ env });
  const prompt = script({ text: "Done." }, { artifact: { id: "a-1", kind: "report", title: "Weekly" } });
  const { content, structuredContent } = await host.call("seren_dispatch", { prompt, wait_seconds: 30 });
  // The event names an artifact that the listing has under another id.
  expect(structuredContent?.artifacts).toMatchObject([{ id: "a-1", kind: "report" }, { title: "Weekly" }]);
  const [link, ...others] = content.slice(1) as Link[];
  expect(others).toEqual([]);
  const read = await host.result("resources/read", { uri: link?.uri });
  expect(read.contents).toMatchObject([{ mimeType: "application/json", text: '{"id":"a-1","kind":"report"}\n' }]);
});

describe("limits", () => {
  test("what is larger than a line can hold is named, with where it can be had", async () => {
    const { contentsOf, runId } = await started(["large.bin", "full.bin", "quotes.txt"]);
    expect(await contentsOf("large.bin")).toMatchObject({
      mimeType: "text/plain",
      text: expect.stringContaining(`seren-bridge runs show ${runId}`),
    });
    expect(await contentsOf("full.bin")).toMatchObject({ blob: FILES["full.bin"].toString("base64") });
    expect(await contentsOf("quotes.txt")).toMatchObject({ blob: FILES["quotes.txt"].toString("base64") });
  });

  test("a secret of this machine is masked in a text, and keeps bytes from being sent", async () => {
    const { host, contentsOf } = await started(["secret.txt", "secret.bin"]);
    expect(await contentsOf("secret.txt")).toMatchObject({ text: "the key is [redacted]" });
    expect(await contentsOf("secret.bin")).toMatchObject({ text: expect.stringContaining("holds a secret") });
    const wire = host.child.messages.map((message) => JSON.stringify(message)).join("\n");
    for (const form of [API_KEY, Buffer.from(API_KEY).toString("base64").slice(0, 16)])
      expect(wire).not.toContain(form);
  });

  test("addresses that a run may not lead to are refused", async () => {
    const { env } = await startCloud();
    const host = await McpHost.initialized({ env });
    const urls = ["http://127.0.0.1:1/x", "https://169.254.169.254/latest", "https://user:word@files.example/x"];
    const artifacts = urls.map((url, index) => ({ artifact: { id: `a-${index}`, kind: "file", url } }));
    const { content } = await host.call("seren_dispatch", { prompt: script(...artifacts), wait_seconds: 30 });
    const links = content.slice(1) as Link[];
    expect(links).toHaveLength(urls.length);
    for (const { uri } of links)
      expect((await host.ask("resources/read", { uri })).error).toMatchObject({ code: -32603 });
  });

  test("a read that is cancelled is not answered, and those that wait end with the client", async () => {
    const { host, links } = await started(["never.bin"]);
    const uri = links.get("never.bin")?.uri;
    const reads = Array.from({ length: 8 }, () => host.send("resources/read", { uri }));
    host.notify("notifications/cancelled", { requestId: reads[0] });
    expect((await host.ask("ping")).result).toEqual({});
    expect(await host.end()).toEqual(CLEAN_EXIT);
    const answered = host.child.messages.flatMap((one) => ("id" in one && one.kind !== "request" ? [one.id] : []));
    expect(answered).not.toContain(reads[0]);
  });
});

test("an unknown address is an error that names it", async () => {
  const { host, runId } = await started([]);
  const going = await host.state("seren_dispatch", {
    prompt: script({ artifact: { id: "a", kind: "b" } }, { hang: true }),
  });
  const unknown = [
    "",
    "file:///etc/passwd",
    "seren://runs/x",
    `seren://runs/${runId}/artifacts/none`,
    `seren://runs/${runId}/artifacts/../../x`,
    "seren://runs/11111111-2222-4333-8444-555555555555/artifacts/a",
    "seren://runs/%E0%A4%A/artifacts/a",
    "seren://runs/..%2F..%2Fdeployments/artifacts/a",
    `seren://runs/${going.run_id}/artifacts/a`,
    `seren://runs/${"x".repeat(100_000)}/artifacts/a`,
  ];
  for (const uri of unknown) {
    for (const more of [{}, { _meta: envelope() }]) {
      const { error } = await host.ask("resources/read", { uri, ...more });
      expect(error, uri.slice(0, 80)).toMatchObject({ code: -32602, data: { uri: uri.slice(0, 2_000) } });
    }
  }
  for (const uri of [undefined, 5, null, ["x"], {}])
    expect((await host.ask("resources/read", { uri })).error?.code).toBe(-32602);
});
