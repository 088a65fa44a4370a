/** The program behind a proxy: what passes through it, what the proxy sees, and the error when it refuses. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { API_KEY } from "../support/child-process/child.ts";
import { script } from "../support/child-process/cloud.ts";
import { startProxy } from "../support/child-process/proxy.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

test("a run passes through the tunnel, and the proxy sees neither the key nor the messages", async () => {
  const { env, address, seen } = await startProxy();
  const { ended } = startTerminal({ ...env, HTTPS_PROXY: address.replace("//", "//me:hu%20sh@") }, ["run", "hello"]);
  expect(await ended).toEqual({
    code: 0,
    stdout: "You said: hello\nInstructions: SKILL.md.\nEarlier turns in this conversation: 0.\n",
    stderr: "",
  });
  expect(seen.length).toBeGreaterThan(0);
  for (const { line, headers } of seen) {
    expect(line).toBe("CONNECT seren.test:443");
    expect(headers["proxy-authorization"]).toBe(`Basic ${Buffer.from("me:hu sh").toString("base64")}`);
    expect(JSON.stringify(headers)).not.toContain(API_KEY);
  }
});

test("text arrives while the run is active", async () => {
  const { env, address } = await startProxy();
  const run = ["run", "--json", script({ text: "first" }, { approve: "x" })];
  const { child, ended } = startTerminal({ ...env, https_proxy: address }, run);
  let heard = "";
  // The end of a piece may come by itself: it could have been the beginning of a secret.
  const text = () => [...heard.matchAll(/"type":"text","text":"(\w+)"/g)].map(([, piece]) => piece).join("");
  while (text() !== "first") heard += ((await once(child.stdout, "data")) as [string])[0];
  expect(child.exitCode).toBeNull();
  child.kill("SIGINT");
  expect((await ended).code).toBe(130);
});

test.each([
  [407, "wants a user and a password; write them as http://user:password@host:port"],
  [403, "answered HTTP 403; check it, or except the host with NO_PROXY"],
])("a proxy that answers %i is reported, and nothing was started", async (refuse, words) => {
  const { env, address, cloud } = await startProxy({ refuse });
  const place = new URL(address).host;
  const { code, stderr, stdout } = await startTerminal({ ...env, HTTPS_PROXY: address }, ["agents"]).ended;
  expect({ code, stdout, stderr }).toEqual({
    code: 4,
    stdout: "",
    stderr: `seren-bridge: Seren Cloud could not be reached: the proxy ${place} (HTTPS_PROXY) ${words}\n`,
  });
  expect(cloud.stats().createsReceived).toBe(0);
});

test("a proxy that is not there is named", async () => {
  const { env } = await startProxy();
  const { code, stderr } = await startTerminal({ ...env, HTTPS_PROXY: "http://127.0.0.1:9" }, ["agents"]).ended;
  expect(code).toBe(4);
  expect(stderr).toContain("the proxy 127.0.0.1:9 (HTTPS_PROXY) does not answer; check it");
});

test("loopback is never proxied, whatever is set", async () => {
  const { address, seen } = await startProxy();
  const proxied = { HTTPS_PROXY: address, HTTP_PROXY: address };
  expect((await startTerminal({ ...proxied, SEREN_API_BASE: "local" }, ["run", "hello"]).ended).code).toBe(0);
  expect(seen).toEqual([]);
});

test("doctor names the proxy in use, without its password", async () => {
  const { env, address } = await startProxy();
  const home = { ...env, HTTPS_PROXY: address.replace("//", "//me:hushhush@") };
  const { stdout } = await startTerminal(home, ["doctor", "--json"]).ended;
  const checks = JSON.parse(stdout) as { id: string; state: string; detail: string }[];
  expect(checks.filter(({ id }) => id === "proxy" || id === "api")).toMatchObject([
    { id: "proxy", state: "ok", detail: `${new URL(address).host} (HTTPS_PROXY)` },
    { id: "api", state: "ok" },
  ]);
  expect(stdout).not.toContain("hushhush");
});

test("a proxy that cannot be used is refused before anything is sent", async () => {
  const { env, seen } = await startProxy();
  const { code, stderr } = await startTerminal({ ...env, HTTPS_PROXY: "socks5://127.0.0.1:1" }, ["agents"]).ended;
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "seren-bridge: HTTPS_PROXY is a socks5 proxy; give an http:// or https:// address, or unset it\n",
  });
  expect(seen).toEqual([]);
});
