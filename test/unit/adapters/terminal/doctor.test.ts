/** `doctor` in front of things that answer in Seren Cloud's place, or stand in its way. */
import { symlinkSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { API_KEY } from "../../../support/child-process/child.ts";
import { script, startCloud } from "../../../support/child-process/cloud.ts";
import { TestTerminal } from "./harness.ts";

interface Finding {
  id: string;
  state: string;
  detail: string;
  fix?: string;
}

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function findings(base: string): Promise<Map<string, Finding>> {
  const { stdout } = await new TestTerminal({ SEREN_API_BASE: base, SEREN_API_KEY: API_KEY }).run(["doctor", "--json"]);
  return new Map((JSON.parse(stdout) as Finding[]).map((finding) => [finding.id, finding]));
}

const PAGE = "<!DOCTYPE html><title>Welcome</title>";
const TRY_AGAIN = "do what the message says, then run seren-bridge doctor again";

describe("the service", () => {
  test.each<[string, RequestListener, RegExp, string]>([
    [
      "a captive portal",
      (_, response) => response.setHeader("content-type", "text/html").end(PAGE),
      /a web page answers in Seren Cloud's place \(HTTP 200\)/,
      TRY_AGAIN,
    ],
    [
      "a firewall",
      (_, response) => response.writeHead(403, { "content-type": "text/html" }).end(PAGE),
      /so the key was not judged/,
      TRY_AGAIN,
    ],
    [
      "single sign-on",
      (_, response) => response.writeHead(302, { location: "https://sso.example/in?ticket=1" }).end(),
      /sends us to https:\/\/sso\.example\/in \(HTTP 302\)/,
      TRY_AGAIN,
    ],
    [
      "an edge without its origin",
      (_, response) => response.writeHead(522).end("error code: 522"),
      /\(HTTP 522\)/,
      TRY_AGAIN,
    ],
    [
      "a rate limit",
      (_, response) => response.writeHead(429, { "retry-after": "7200" }).end("{}"),
      /rate limit was reached; it asks to wait 2 hours/,
      "wait; nothing is wrong with this installation",
    ],
    [
      "a service that is down",
      (_, response) => response.writeHead(503).end("{}"),
      /not available right now \(HTTP 503\)/,
      "try again later; this machine and its network are not the reason",
    ],
    [
      "JSON of something else",
      (_, response) => response.end('{"ok":true}'),
      /is not one this version can read/,
      "check SEREN_API_BASE, and whether a proxy or the login of a network answers in its place; else try again later",
    ],
    [
      "a refusal of the key",
      (_, response) => response.writeHead(401).end('{"error":"Unauthorized"}'),
      /did not accept the API key/,
      "do what the message says, then run seren-bridge doctor again",
    ],
  ])("%s", async (_, answer, detail, fix) => {
    const found = await findings(await listen(answer));
    expect(found.get("api")).toMatchObject({ state: "problem", detail: expect.stringMatching(detail), fix });
    expect(found.get("stream")).toMatchObject({ state: "skipped" });
  });
});

describe("streaming", () => {
  /** Hands an answer on when it is complete. */
  const buffering = (origin: string) =>
    listen((request, response) => {
      void fetch(origin + request.url, { headers: { authorization: request.headers.authorization ?? "" } })
        .then(async (answer) => response.writeHead(answer.status, [...answer.headers]).end(await answer.text()))
        .catch(() => response.destroy());
    });

  test("an ended run leaves it open, a run that goes on shows that events get through", async () => {
    const { env } = await startCloud();
    const terminal = new TestTerminal(env);
    await terminal.run(["run", "hello"]);
    expect((await findings(env.SEREN_API_BASE)).get("stream")).toMatchObject({
      state: "skipped",
      detail: expect.stringContaining("shows only while a run is active"),
    });
    await terminal.run(["run", "--detach", script({ text: "going on" }, { hang: true })]);
    expect((await findings(env.SEREN_API_BASE)).get("stream")).toMatchObject({ state: "ok" });
  });

  test("a proxy that holds answers back until they are complete is found", async () => {
    const { env } = await startCloud();
    await new TestTerminal(env).run(["run", "--detach", script({ text: "going on" }, { hang: true })]);
    const found = await findings(await buffering(env.SEREN_API_BASE));
    expect(found.get("api")).toMatchObject({ state: "ok" });
    expect(found.get("stream")).toMatchObject({
      state: "warning",
      detail: expect.stringContaining("nothing came through"),
    });
  });
});

describe("the state folder", () => {
  const look = async (terminal: TestTerminal) => {
    const { stdout } = await terminal.run(["doctor", "--json"]);
    return (JSON.parse(stdout) as Finding[]).find(({ id }) => id === "state");
  };

  test.each(["runs", "locks", "deployments"])("with something else in the place of %s is a problem", async (name) => {
    const terminal = new TestTerminal({ SEREN_API_BASE: "local" });
    terminal.file(`state/${name}`, "");
    expect(await look(terminal)).toMatchObject({ state: "problem", detail: expect.stringContaining(`state/${name}`) });
  });

  test("that is a link to nowhere is a problem: it cannot be made", async () => {
    const terminal = new TestTerminal({ SEREN_API_BASE: "local" });
    symlinkSync(join(terminal.home, "gone", "state"), join(terminal.home, "state"));
    expect(await look(terminal)).toMatchObject({
      state: "problem",
      detail: expect.stringContaining("is a link that leads nowhere; make its target, or remove it"),
    });
  });
});

describe("SEREN_BRIDGE_SECRETS", () => {
  const found = async (env: Record<string, string>) => {
    const { stdout } = await new TestTerminal({ SEREN_API_BASE: "local", ...env }).run(["doctor", "--json"]);
    return (JSON.parse(stdout) as Finding[]).find(({ id }) => id === "secrets");
  };

  test.each<[string, Record<string, string>, object | undefined]>([
    ["unset", {}, undefined],
    ["of names that are set", { SEREN_BRIDGE_SECRETS: "GH_TOKEN", GH_TOKEN: "x" }, { state: "ok" }],
    [
      "of a name that is not",
      { SEREN_BRIDGE_SECRETS: "GH_TOKEN, NPM_TOKEN", GH_TOKEN: "x" },
      { state: "warning", detail: "SEREN_BRIDGE_SECRETS names NPM_TOKEN: not set in this shell" },
    ],
    [
      "of reserved names",
      { SEREN_BRIDGE_SECRETS: "seren_x,AWS_SECRET_ACCESS_KEY,PATH", AWS_SECRET_ACCESS_KEY: "x" },
      { state: "warning", detail: expect.stringMatching(/seren_x, AWS_SECRET_ACCESS_KEY, PATH: reserved/) },
    ],
    [
      "of odd bytes",
      { SEREN_BRIDGE_SECRETS: "a\u202eb\u0007" },
      { detail: expect.stringContaining("a\\u{202e}b\\u{7}") },
    ],
  ])("%s", async (_, env, expected) => {
    const secrets = await found(env);
    if (expected === undefined) expect(secrets).toBeUndefined();
    else expect(secrets).toMatchObject(expected);
  });
});
