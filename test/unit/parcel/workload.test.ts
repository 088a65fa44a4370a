import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { ParcelManifest } from "#protocols/dispatch-courier";
import { CreateDeploymentSchema } from "#protocols/seren-cloud";
import { openParcel, parcelWorkload, verifyParcel } from "../../../src/parcel/index.ts";
import { loadParcel } from "../../../src/parcel/load.ts";
import { failureOf, openBuilt, parcelDir, REFUSED, RUNNABLE, sha256 } from "./parcels.ts";

const secret = (name: string) => `value of ${name}`;
const options = { name: "a-name", secret };

async function workloadOf(name: string) {
  const { parcel, files } = await openParcel(parcelDir(name));
  return parcelWorkload(parcel, files, options);
}
async function builtWorkload(files: Record<string, string | Buffer>, change: Partial<ParcelManifest>, values = secret) {
  const opened = await openBuilt(files, change);
  return parcelWorkload(opened.parcel, opened.files, { name: "a-name", secret: values });
}
const soul = (text: string) => ({ kind: "soul" as const, packaged_path: "SOUL.md", sha256: sha256(text) });

test.each(RUNNABLE)("the workload of %s has the form the service accepts", async (name) => {
  const { create } = await workloadOf(name);
  expect(CreateDeploymentSchema.parse(create)).toEqual(create);
});

test.each(REFUSED)("there is none for %s", async (name) => {
  const parcel = await loadParcel(parcelDir(name));
  const files = await verifyParcel(parcel);
  expect((await failureOf(() => parcelWorkload(parcel, files, options))).kind).toBe("unsupported");
});

test("job: secrets, env, model options, limits, assets", async () => {
  expect(await workloadOf("job")).toStrictEqual({
    create: {
      mode: "job",
      name: "a-name",
      skill_slug: "nightly-report",
      workload: {
        execution: {
          type: "llm",
          bundle: {
            instructions: [
              {
                kind: "soul",
                content: "Write the nightly report.\n",
                path: "SOUL.md",
                sha256: "4aa8b016131dfff8a7ac47d214cf5c2e3c2b55eb161f6985477d6e7cd7c38d1b",
              },
            ],
            assets: [
              {
                path: "data/orders.csv",
                content_base64: "ZGF5LG9yZGVycwoyMDI2LTExLTAxLDEyCjIwMjYtMTEtMDIsMTkK",
                content_type: "text/csv",
                purpose: "resource",
                sha256: "f10aa3704e11851706b3809e1adc3e6b3c95d0a819d8ab3efd057216cbe9d460",
              },
              {
                path: "data/pixel.bin",
                content_base64: "iVBORw0KGgoAAf/+",
                purpose: "resource",
                sha256: "96154acb8752a341f68f2d3e22ecd883d5e16bd018ff84aff8946fe2c89c3f5a",
              },
            ],
          },
          model_id: "codex/gpt-5.4",
          model_config: { "persist-thread": "false", "reasoning-effort": "high" },
        },
        config: {
          dispatch: {
            parcel_digest: "9dffc3e56c6598937ee5d2528b3eb2c2f7302e54258d082f6bcd407432a9d7e6",
            parcel_version: "0.3.1",
          },
          env: { REPORT_REGION: "eu" },
        },
        secrets: { REPORT_DB_URL: "value of REPORT_DB_URL", REPORT_TOKEN: "value of REPORT_TOKEN" },
        requirements: [
          { key: "REPORT_DB_URL", source: "secret" },
          { key: "REPORT_TOKEN", source: "secret" },
        ],
        limits: { max_iterations: 8, max_timeout_seconds: 1200 },
      },
    },
    notes: [],
  });
});

test("chat: every instruction in its order, fallbacks, limits, visibility, labels", async () => {
  const { create, notes } = await workloadOf("chat");
  expect(create.visibility).toBe("open");
  expect(create.workload).toMatchObject({
    execution: { model_id: "openai/gpt-5.4-mini", fallback_models: ["anthropic/claude-sonnet-4-6"] },
    config: { env: { TZ: "UTC", LOG_LEVEL: "info" }, labels: { "ai.agent.category": "research" } },
    limits: {
      max_iterations: 20,
      max_tool_calls_per_run: 12,
      context_budget_tokens: 16000,
      max_timeout_seconds: 300,
    },
  });
  expect(create.workload.execution).toMatchObject({
    bundle: {
      instructions: ["identity", "soul", "skill", "agents", "user", "tools", "memory"].map((kind) => ({ kind })),
    },
  });
  expect(create.workload).not.toHaveProperty("secrets");
  expect(notes).toEqual([
    'model routing "balanced" is not sent',
    "COMPACTION is not sent",
    "TIMEOUT TOOL, LLM is not sent; TIMEOUT RUN is",
  ]);
});

test("tools: scripts and schemas are sent as files, declarations are not", async () => {
  const { create, notes } = await workloadOf("tools");
  expect(create.workload.execution).toMatchObject({
    bundle: {
      instructions: [{ kind: "soul" }, { kind: "eval", path: "evals/smoke.eval" }],
      assets: [
        { path: "schemas/count.json", purpose: "schema", content_type: "application/json" },
        { path: "tools/count.py", purpose: "script" },
        { path: "tools/greet.sh", purpose: "script" },
      ],
    },
  });
  expect(create.workload.execution).not.toHaveProperty("tool_definitions");
  expect(notes).toEqual([
    "local tools (count, greet): scripts and schemas travel as files, but nothing runs them",
    "built-in tools (web_search, human_approval, memory_put) are not sent",
    "MCP servers (github) are not sent",
    "A2A agents (planner, broker, ledger) are not sent",
    "tool tests (greet) cannot run, because local tools are not run",
  ]);
});

test("skills: names and allowed tools are sent, front matter stays, inline prompts come last", async () => {
  const { create } = await workloadOf("skills");
  expect(create.workload.execution).toMatchObject({
    bundle: {
      instructions: [
        { kind: "soul" },
        { kind: "skill", skill_name: "reader", allowed_tools: ["read_file"], content: expect.stringMatching(/^---\n/) },
        { kind: "skill", skill_name: "crlf", content: expect.stringMatching(/^---\r\n/) },
        { kind: "skill", path: "plain-skill.md" },
        { kind: "agents", path: "PROMPT-1.md", content: "Prefer short answers." },
        { kind: "agents", path: "PROMPT-2.md", content: expect.stringMatching(/Two lines here\. {3}$/) },
      ],
      assets: [
        { path: "skills/reader/references/guide.md", purpose: "reference", content_type: "text/markdown" },
        { path: "skills/reader/scripts/read_file.sh", purpose: "script" },
        { path: "skills/reader/skill.toml", purpose: "resource" },
      ],
    },
  });
});

test("unicode: a byte order mark and unusual label names are kept", async () => {
  const { create } = await workloadOf("unicode");
  expect(create.skill_slug).toBe("worterbuch");
  expect(create.workload.config).toMatchObject({ labels: { "2": "two", "10": "ten", alpha: "å", zeta: "z" } });
  expect(create.workload.execution).toMatchObject({
    bundle: { instructions: [{ content: expect.stringMatching(/^\uFEFF/) }, { path: "notes/ünïcode.md" }, {}, {}] },
  });
});

test("a binding does not change the workload", async () => {
  expect(await workloadOf("chat-bound-by-host")).toEqual(await workloadOf("chat"));
});

test("heartbeat: schedules stay with the host, and nothing is scheduled remotely", async () => {
  const { create, notes } = await workloadOf("heartbeat");
  expect(create.mode).toBe("job");
  expect(create).not.toHaveProperty("cron_schedule");
  expect(notes).toEqual(["SCHEDULE and LISTEN stay with Dispatch: `dispatch serve` starts each turn"]);
});

test("a packaged file with the name of an inline prompt keeps its name", async () => {
  const { create } = await builtWorkload({ "PROMPT-1.md": "file" }, { inline_prompts: ["inline"] });
  expect(create.workload.execution).toMatchObject({
    bundle: { instructions: [{ path: "PROMPT-2.md", content: "inline" }], assets: [{ path: "PROMPT-1.md" }] },
  });
});

test("eval files that are not instructions, an empty file, and a path with a leading dot", async () => {
  const { create } = await builtWorkload(
    { "SOUL.md": "s", "x.eval": "", "evil.MD": "" },
    { instructions: [{ ...soul("s"), packaged_path: "./SOUL.md" }] },
  );
  expect(create.workload.execution).toMatchObject({
    bundle: {
      instructions: [{ path: "SOUL.md" }],
      assets: [
        { path: "x.eval", purpose: "eval", content_base64: "" },
        { path: "evil.MD", purpose: "reference" },
      ],
    },
  });
  CreateDeploymentSchema.parse(create);
});

test("names such as __proto__ are ordinary names", async () => {
  const { create } = await builtWorkload(
    { "SOUL.md": "s" },
    {
      instructions: [soul("s")],
      env: [
        { name: "__proto__", value: "a" },
        { name: "A", value: "1" },
        { name: "A", value: "2" },
      ],
      secrets: [{ name: "constructor", required: true }],
    },
  );
  expect(JSON.stringify(create.workload.config)).toContain('"env":{"__proto__":"a","A":"2"}');
  expect(JSON.stringify(create.workload.secrets)).toBe('{"constructor":"value of constructor"}');
});

describe("secrets", () => {
  const declared = (...secrets: [name: string, required: boolean][]) => ({
    instructions: [soul("s")],
    secrets: secrets.map(([name, required]) => ({ name, required })),
  });
  const compose = (secrets: [name: string, required: boolean][], values: Record<string, string>) =>
    builtWorkload({ "SOUL.md": "s" }, declared(...secrets), (name) => values[name] ?? "");

  test("a missing one is named, with the remedy", async () => {
    expect(await failureOf(() => compose([["API_TOKEN", true]], {}))).toEqual({
      kind: "invalid_input",
      message:
        "this parcel needs the secret API_TOKEN, not set here. Set an environment variable of that name in the shell that starts the host and try again; secrets kept by Dispatch itself do not reach a courier",
    });
    const several = await failureOf(() =>
      compose(
        [
          ["A", true],
          ["B", true],
          ["C", false],
        ],
        {},
      ),
    );
    expect(several.message).toContain("needs the secrets A, B, not set here");
  });

  test("an optional one is sent when it is set and is no requirement", async () => {
    const { create } = await compose(
      [
        ["A", true],
        ["B", false],
        ["C", false],
      ],
      { A: "1", C: "3" },
    );
    expect(create.workload.secrets).toEqual({ A: "1", C: "3" });
    expect(create.workload.requirements).toEqual([{ key: "A", source: "secret" }]);
  });

  test.each(["SEREN_API_KEY", "seren_x", "Seren_"])("%s is refused, even if optional", async (name) => {
    const failure = await failureOf(() => compose([[name, false]], {}));
    expect(failure.kind).toBe("invalid_input");
    expect(failure.message).toContain(
      `declares ${name} as a secret, but names that begin with SEREN_ belong to Seren Cloud`,
    );
  });

  test("no value appears in an error", async () => {
    const failure = await failureOf(() =>
      compose(
        [
          ["A", true],
          ["B", true],
        ],
        { A: "hunter2-hunter2" },
      ),
    );
    expect(failure.message).not.toContain("hunter2");
  });
});

describe("size limits, refused with the figures", () => {
  const MIB = 1024 * 1024;

  test("an instruction above 1 MiB", async () => {
    const text = "x".repeat(MIB + 1);
    expect(await failureOf(() => builtWorkload({ "SOUL.md": text }, { instructions: [soul(text)] }))).toEqual({
      kind: "invalid_input",
      message:
        'this parcel is too large to be sent as text: its instruction file "SOUL.md" would take 1048577 bytes, and at most 1048576 (1 MiB) are possible. Make it smaller, or deploy it as code: write a dispatch.toml with a table [[deployments]] and in it, a line each, name = "minimal", plugin = "seren-cloud", reconcile = "upsert", spec = { code = { parcel_dir = "<folder of the parcel>", runtime_kind = "typescript" } }, then run `dispatch up .`; the courier then uses that deployment (docs/deploy.md)',
    });
    const exact = "x".repeat(MIB);
    await builtWorkload({ "SOUL.md": exact }, { instructions: [soul(exact)] });
  });

  test("an inline prompt above 1 MiB", async () => {
    const failure = await failureOf(() => builtWorkload({}, { inline_prompts: ["ü".repeat(MIB / 2 + 1)] }));
    expect(failure.message).toContain(
      "one of its inline prompts would take 1048578 bytes, and at most 1048576 (1 MiB)",
    );
  });

  test("an asset above 8 MiB", async () => {
    const failure = await failureOf(() => builtWorkload({ big: Buffer.alloc(8 * MIB + 1) }, { inline_prompts: ["p"] }));
    expect(failure.message).toContain('its file "big" would take 8388609 bytes, and at most 8388608 (8 MiB)');
  });

  test("16 MiB in all, and what is allowed fits into the body", async () => {
    const half = Buffer.alloc(8 * MIB);
    const failure = await failureOf(() => builtWorkload({ a: half, b: half }, { inline_prompts: ["p"] }));
    expect(failure.message).toContain(
      "all its files together would take 16777217 bytes, and at most 16777216 (16 MiB)",
    );
    const { create } = await builtWorkload({ a: half, b: half.subarray(1) }, { inline_prompts: ["p"] });
    expect(JSON.stringify(create).length).toBeLessThan(24 * MIB);
  });

  test("a file that is used as an instruction several times counts each time", async () => {
    const text = "x".repeat(MIB);
    const failure = await failureOf(() =>
      builtWorkload({ "SOUL.md": text }, { instructions: Array.from({ length: 17 }, () => soul(text)) }),
    );
    expect(failure.message).toContain("would take 17825792 bytes, and at most 16777216 (16 MiB)");
  });

  test("a request above 24 MiB, for text that JSON makes longer", async () => {
    const text = "\u0001".repeat(MIB);
    const failure = await failureOf(() =>
      builtWorkload({ "SOUL.md": text }, { instructions: Array.from({ length: 5 }, () => soul(text)) }),
    );
    expect(failure.message).toMatch(
      /the request to deploy it would take 314\d{5} bytes, and at most 25165824 \(24 MiB\)/,
    );
  });
});

test("a parcel without instructions and prompts is refused", async () => {
  const failure = await failureOf(() => builtWorkload({ "a.txt": "a" }, {}));
  expect(failure).toMatchObject({ kind: "invalid_input" });
  expect(failure.message).toContain("has neither instructions nor prompts");
});

test("a file that changes after verification is never sent", async () => {
  const { parcel, files } = await openBuilt({ "SOUL.md": "good" }, { instructions: [soul("good")] });
  await writeFile(`${parcel.root}/context/SOUL.md`, "evil");
  expect((await failureOf(() => parcelWorkload(parcel, files, options))).message).toContain("was changed");
});
