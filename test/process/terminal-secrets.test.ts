/** Credentials of other tools: a person is asked for them where a parcel's own deployment would get them, and only there. */
import { expect, test } from "vitest";
import { script, startCloud } from "../support/child-process/cloud.ts";
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

test("a failure that quotes a declared secret is shown without it, as text and as JSON", async () => {
  const { inline_prompts } = await manifestOf("minimal");
  const folder = await built({}, { inline_prompts, secrets: [{ name: "REPORT_TOKEN", required: true }] });
  const server = await startCloud();
  const token = 'r/ep"ort+token-4711';
  const basic = Buffer.from(`user:${token}`).toString("base64");
  const quoting = { error: `no: ${token} ${basic}`, code: "x" };
  const prompt = script({ status: "running", message: `with ${token}` }, quoting, { fail: `no: ${token}` });
  for (const json of [[], ["--json"]]) {
    const { code, stdout, stderr } = await startTerminal({ ...server.env, REPORT_TOKEN: token }, [
      "run",
      ...json,
      folder,
      prompt,
    ]).ended;
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("no: [redacted]");
    for (const secret of [token, JSON.stringify(token).slice(1, -1), basic]) {
      expect(stdout + stderr).not.toContain(secret);
    }
  }
});
