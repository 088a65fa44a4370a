/** A list of prompts through the built program, as a person types it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020.js";
import { beforeEach, describe, expect, test } from "vitest";
import { API_KEY, scratchFolder } from "../support/child-process/child.ts";
import { type Cloud, script, startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";
import { PROMPTS } from "../support/prompts.ts";

const LONG_PROMPT = PROMPTS["200 kB"] ?? "";

let server: Cloud;
let home: string;
let out: string;
const start = (...args: string[]) => startTerminal(server.env, args, home);
const batch = (...args: string[]) => start("batch", ...args, "--out", out).ended;

beforeEach(async () => {
  server = await startCloud();
  home = scratchFolder();
  out = join(home, "results.jsonl");
});

function file(name: string, text: string): string {
  writeFileSync(join(home, name), text);
  return join(home, name);
}

const rowsFile = (prompts: readonly string[]) =>
  file("rows.jsonl", prompts.map((prompt) => JSON.stringify({ prompt })).join("\n"));

const results = () =>
  readFileSync(out, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe("batch", () => {
  test("one result a row, in their order, of the form that `schema batch` says", async () => {
    const slow = script({ sleep_ms: 400 }, { text: "slow" });
    const prompts = [slow, LONG_PROMPT, "Ünï “x”\n\n- https://example.org/?a=1&b=2\n`code`", script({ fail: "away" })];
    const { code, stdout, stderr } = await batch(rowsFile(prompts), "-n", "3");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("4 rows: 3 completed, 1 failed");
    const all = results();
    expect(all.map(({ index, outcome }) => [index, outcome])).toEqual([
      [0, "completed"],
      [1, "completed"],
      [2, "completed"],
      [3, "failed"],
    ]);
    expect(all.map(({ input }) => input.prompt)).toEqual(prompts);
    expect(all[1].text).toContain(LONG_PROMPT);
    expect(all[3].error.message).toContain("away");
    const { stdout: schema } = await start("schema", "batch").ended;
    const validate = new Ajv({ strict: false }).compile(JSON.parse(schema));
    for (const result of all) expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
    expect(readdirSync(home).filter((name) => name.startsWith("results"))).toEqual(["results.jsonl"]);
    expect(server.cloud.stats().runsStarted).toBe(4);
  });

  test("a table with a template, and the estimate of a dry run", async () => {
    const table = file("cities.csv", 'city,year\nLisbon,1755\n"Den Haag",1899\n');
    const args = [table, "--template", "What of {city}\nin {year}?"];
    const first = await batch(...args, "--dry-run");
    expect(first.stdout).toContain("2 runs on the general agent, 2 at a time");
    expect(first.stdout).toContain("What of Lisbon\nin 1755?");
    expect(first.stdout).toContain("No earlier run of this agent has completed");
    expect(server.cloud.stats().createsReceived).toBe(0);
    expect(existsSync(`${out}.batch`)).toBe(false);
    expect((await batch(...args)).code).toBe(0);
    expect(results().map(({ text }) => text.split("\n")[1])).toEqual(["in 1755?", "in 1899?"]);
    expect((await batch(...args, "--dry-run")).stdout).toContain("By the last 2 runs of this agent: about $0.");
  });

  test("what is wrong with a row is said before anything is started", async () => {
    const { code, stderr } = await batch(file("rows.jsonl", '{"a":1}\n'), "--template", "{a} {b}");
    expect(code).toBe(2);
    expect(stderr).toContain('row 1 has no column "b"; its columns are a');
    expect(server.cloud.stats().createsReceived).toBe(0);
    expect(existsSync(out)).toBe(false);
  });

  test("results that are there already are not overwritten", async () => {
    writeFileSync(out, "mine\n");
    const { code, stderr } = await batch(rowsFile(["hello"]));
    expect(code).toBe(1);
    expect(stderr).toContain("is there already; move it away, or choose another --out");
    expect(readFileSync(out, "utf8")).toBe("mine\n");
  });

  test("a limit of cost stops it, and the rest is left for --resume", async () => {
    const folder = join(home, ".config", "seren-bridge");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "config.toml"), "[limits]\nruns_per_hour = 2\n", { mode: 0o600 });
    const stopped = await batch(rowsFile(["a", "b", "c", "d"]), "-n", "1");
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain("limits.runs_per_hour");
    expect(stopped.stderr).toContain("2 rows left. Go on with: seren-bridge batch --resume --out");
    expect(results()).toHaveLength(2);
    writeFileSync(join(folder, "config.toml"), "[limits]\nruns_per_hour = 9\n", { mode: 0o600 });
    expect((await batch("--resume")).code).toBe(0);
    expect(results().map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(server.cloud.stats().runsStarted).toBe(4);
  });

  test("a key that is refused is no result of a row", async () => {
    const rows = rowsFile(["a", "b"]);
    const wrong = await startTerminal(
      { ...server.env, SEREN_API_KEY: `${API_KEY}-not` },
      ["batch", rows, "--out", out],
      home,
    ).ended;
    expect(wrong.code).toBe(3);
    expect(results()).toEqual([]);
  });

  test("an answer with a secret of this program is redacted", async () => {
    expect((await batch(rowsFile([`repeat ${API_KEY}`]))).code).toBe(0);
    expect(results()[0].text).toContain("repeat [redacted]");
  });
});

describe("Ctrl-C", () => {
  test("once: no more rows, and those that go on end; --resume begins the rest", async () => {
    const wait = script({ sleep_ms: 1_500 }, { text: "waited" });
    const { child, ended } = start("batch", rowsFile([wait, "b", "c"]), "-n", "1", "--out", out);
    await server.run(0);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("No more rows are begun; 1 run still to end.");
    expect(results().map(({ outcome, text }) => [outcome, text])).toEqual([["completed", "waited"]]);
    expect((await batch("--resume")).code).toBe(0);
    expect(server.cloud.stats().runsStarted).toBe(3);
  });

  test("twice: what goes on is cancelled", async () => {
    const { child, ended } = start("batch", rowsFile([script({ hang: true }), "b"]), "-n", "1", "--out", out);
    const run = await server.run(0);
    child.kill("SIGINT");
    await said(child.stderr, "No more rows are begun");
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(await run.ended).toBe("cancelled");
    expect(results().map(({ outcome }) => outcome)).toEqual(["cancelled"]);
  });
});

describe("after SIGKILL", () => {
  const begin = async (first = script({ sleep_ms: 1_500 }, { text: "whole" })) => {
    const { child, ended } = start("batch", rowsFile([first, "b"]), "-n", "1", "--out", out);
    const run = await server.run(0);
    await noted();
    child.kill("SIGKILL");
    await ended;
    return run;
  };
  /** The id of the run is in the notes. */
  const noted = async () => {
    while (!readFileSync(`${out}.batch/notes.jsonl`, "utf8").includes('"runId"'))
      await new Promise((next) => setTimeout(next, 20));
  };

  test("the next command leaves its run alone, and --resume tells its whole answer", async () => {
    const run = await begin();
    expect((await start("run", "something else").ended).code).toBe(0);
    expect((await batch("--resume")).code).toBe(0);
    expect(await run.ended).toBe("completed");
    expect(results().map(({ text }) => text.split("\n")[0])).toEqual(["whole", "You said: b"]);
    expect(server.cloud.stats().runsStarted).toBe(3);
  });

  test("without its folder the run is cancelled by the next command", async () => {
    const run = await begin(script({ hang: true }));
    rmSync(`${out}.batch`, { recursive: true });
    expect((await start("run", "something else").ended).code).toBe(0);
    expect(await run.ended).toBe("cancelled");
    const { code, stderr } = await batch("--resume");
    expect(code).toBe(1);
    expect(stderr).toContain("there is no batch to go on with");
  });

  test("a batch that has not ended is not begun anew, nor with another key or with other options", async () => {
    await begin();
    const again = await batch(rowsFile(["x"]));
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("belongs to a batch that has not ended; go on with it");
    const other = await startTerminal(
      { ...server.env, SEREN_API_KEY: "key-of-somebody-else" },
      ["batch", "--resume", "--out", out],
      home,
    ).ended;
    expect(other.stderr).toContain("was begun with another API key or at another address");
    expect((await batch("--resume", "--model", "m")).stderr).toContain("leave out --model");
  });

  test("two processes do not work on it at once", async () => {
    await begin();
    const hang = start("batch", "--resume", "--out", out);
    const [first, second] = await Promise.all([hang.ended, batch("--resume")]);
    const codes = [first.code, second.code].sort();
    // The first may have ended before the second looked.
    const others = [first, second].find(({ code }) => code !== 0)?.stderr ?? "";
    expect(codes[0]).toBe(0);
    expect(others).toMatch(/another seren-bridge works on this batch|there is no batch to go on with/);
    expect(results().map(({ outcome }) => outcome)).toEqual(["completed", "completed"]);
    expect(server.cloud.stats().runsStarted).toBe(2);
  });
});

function said(stream: NodeJS.ReadableStream, words: string): Promise<void> {
  return new Promise((resolve) => {
    let text = "";
    stream.on("data", (piece: string) => {
      text += piece;
      if (text.includes(words)) resolve();
    });
  });
}
