/** Credentials of other tools: a person is asked for them where a parcel's own deployment would get them, and only there. */
import { expect, test } from "vitest";
import { startCloud } from "../support/child-process/cloud.ts";
import { ENTER, HAVE_PTY, startPty } from "../support/child-process/pty.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";
import { built, manifestOf } from "../unit/parcel/parcels.ts";

const ASKED = "The parcel asks for GITHUB_TOKEN";
const parcel = async () => {
  const { inline_prompts } = await manifestOf("minimal");
  return built({}, { inline_prompts, secrets: [{ name: "GITHUB_TOKEN", required: true }] });
};

test.runIf(HAVE_PTY)("on a deployment that was named nothing is asked", async () => {
  const server = await startCloud();
  const env = { ...server.env, GITHUB_TOKEN: "ghp_of_this_person" };
  await startTerminal(server.env, ["run", "hello"]).ended;
  const { stdout } = await startTerminal(server.env, ["agents", "--json"]).ended;
  const [, id = ""] = /"deployment_id": ?"([^"]+)"/.exec(stdout) ?? [];
  const folder = await parcel();
  for (const [more, options] of [
    [{}, ["-d", id]],
    [{ SEREN_BRIDGE_DEPLOYMENT: id }, []],
  ] as const) {
    const pty = startPty({ ...env, ...more }, ["run", folder, "hello", ...options]);
    expect(await pty.ended).toBe(0);
    expect(pty.shown()).not.toContain(ASKED);
  }
});

test.runIf(HAVE_PTY)("on a deployment of its own it is, and a no sends nothing", async () => {
  const server = await startCloud();
  const pty = startPty({ ...server.env, GITHUB_TOKEN: "ghp_of_this_person" }, ["run", await parcel(), "hello"]);
  await pty.sees(ASKED);
  pty.type(ENTER);
  expect(await pty.ended).not.toBe(0);
  expect(pty.shown()).toContain("this parcel asks for GITHUB_TOKEN");
  expect(server.cloud.stats().runsStarted).toBe(0);
});
