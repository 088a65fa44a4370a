/** A limit for the size of files (`ulimit -f`): every writer names it, and leaves nothing half-written behind. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import { API_KEY, PROGRAM, requireBuilt, scratchFolder } from "../support/child-process/child.ts";
import { startCloud } from "../support/child-process/cloud.ts";

/** Runs a command that may write so many blocks of 512 bytes into a file. `output`: a file for stdout. */
async function limited(env: Record<string, string>, args: string[], { input = "", output = "", blocks = 0 } = {}) {
  const home = scratchFolder();
  const file = output ? openSync(join(home, output), "w") : undefined;
  const child = spawn(
    "sh",
    ["-c", `ulimit -f ${blocks}; exec "$0" "$@"`, process.execPath, requireBuilt(PROGRAM), ...args],
    {
      env: { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: join(home, "state"), ...env },
      stdio: ["pipe", file ?? "pipe", "pipe"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  if (file !== undefined) closeSync(file);
  child.stdin?.on("error", () => undefined).end(input);
  const said = Promise.all([child.stdout ? text(child.stdout) : "", child.stderr ? text(child.stderr) : ""]);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  const [stdout, stderr] = await said;
  return { home, code, signal, stdout, stderr };
}

const NAMED = /^seren-bridge: \/.+ cannot be written: it would be larger than .*; raise the limit \(ulimit -f\)$/m;

describe.skipIf(process.platform === "win32")("under a limit for the size of files", () => {
  test.each([
    ["setup", "dispatch", "--write"],
    ["setup", "roder", "--write"],
    ["setup", "codex", "--write"],
    ["login", "--stdin"],
  ])("`%s %s` says so, and leaves no file", async (...args) => {
    const { env } = await startCloud();
    const { home, code, stderr } = await limited({ SEREN_API_BASE: env.SEREN_API_BASE }, args, { input: API_KEY });
    expect(stderr).toMatch(NAMED);
    expect(code).toBe(2);
    const left = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(left.map(({ name }) => name)).toEqual([]);
  });

  test("a run is carried out without a journal, with a warning", async () => {
    const { env } = await startCloud();
    const { code, stdout, stderr } = await limited(env, ["run", "hello"]);
    expect([code, stdout.split("\n")[0]]).toEqual([0, "You said: hello"]);
    expect(stderr).toMatch(
      /a crash now could leave a run behind \(\/.+ cannot be written: it would be larger .*\(ulimit -f\)/,
    );
  });

  test("an answer that does not fit into its file is named, and the run goes on", async () => {
    const { env } = await startCloud();
    const { code, stderr } = await limited(env, ["run", "hello"], { output: "answer.txt" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/stdout cannot be written: EFBIG: file too large/);
    expect(stderr).toMatch(/the run [0-9a-f-]{36} was not stopped for it/);
  });

  test.each([
    ["run", `@script [{"text":"${"y".repeat(4_000)}\\n"}]`],
    ["run", "--json", `@script [{"text":"${"y".repeat(4_000)}"}]`],
    ["schema", "config"],
    ["completion", "bash"],
  ])("`%s`: what fits into its file only in part is not taken for written", async (...args) => {
    const { code, stderr } = await limited({ SEREN_API_BASE: "local" }, args, { output: "answer.txt", blocks: 4 });
    expect(stderr).toContain("stdout cannot be written: EFBIG: file too large");
    expect(code).toBe(1);
  });

  test("a host whose file takes a reply only in part is told", async () => {
    const initialize = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } };
    const input = [
      { jsonrpc: "2.0", id: 1, method: "initialize", params: initialize },
      { jsonrpc: "2.0", id: 2, method: "tools/list", params: {} },
    ].reduce((lines, line) => `${lines}${JSON.stringify(line)}\n`, "");
    const { code, stderr } = await limited({ SEREN_API_BASE: "local" }, ["mcp"], { input, output: "out", blocks: 4 });
    expect(stderr).toContain("stdout cannot be written: EFBIG: file too large");
    expect(code).toBe(1);
  });
});
