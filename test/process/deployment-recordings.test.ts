/**
 * Every line that Dispatch 0.4 sent to a deployment plugin in the recorded commands, sent again to the built file: one process
 * for each recorded one, with the same working folder and the end of input behind the last line.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { API_KEY, Child, CLEAN_EXIT, ROOT, scratchFolder } from "../support/child-process/child.ts";
import { startCloud } from "../support/child-process/cloud.ts";
import { answerOf } from "../support/child-process/deployment-host.ts";

const FIXTURES = join(ROOT, "test/fixtures/dispatch-deployment");
const PARCEL_BUNDLE = "c78102f2a9a2de3994b55de4d9399bbafd7d2250bdf77b9bbe4c6d428ff5678d";

interface Row {
  process?: number;
  plugin?: string;
  dir: string;
  line: string;
}

/** The requests of each recorded process, in the order of their processes. */
function processesOf(file: string): string[][] {
  const rows = readFileSync(join(FIXTURES, "recordings", file), "utf8")
    .trim()
    .split("\n");
  const processes = new Map<number, string[]>();
  for (const text of rows) {
    const { process = 0, plugin, dir, line }: Row = JSON.parse(text);
    if (dir !== "host" || plugin !== undefined || !line.includes('"deployment.')) continue;
    processes.set(process, [...(processes.get(process) ?? []), line]);
  }
  return [...processes.values()];
}

const FILES = readdirSync(join(FIXTURES, "recordings"))
  .map((file) => ({ file, processes: processesOf(file) }))
  .filter(({ processes }) => processes.length > 0);

/** By the method; the recorded specs that only steer the echoing plugin are no specs of ours. */
const KINDS: Readonly<Record<string, RegExp>> = {
  capabilities: /^capabilities$/,
  configure: /^(configured|invalid_config)$/,
  validate: /^validation$/,
  test_run: /^unimplemented$/,
  deploy: /^(deployment|invalid_spec)$/,
  upsert: /^(deployment|invalid_spec|authentication_failed|upstream_error)$/,
  get: /^not_found$/,
  list: /^(deployment_list|invalid_filters)$/,
  list_revisions: /^unimplemented$/,
  rollback: /^unimplemented$/,
  start: /^not_found$/,
  stop: /^not_found$/,
  delete: /^not_found$/,
};

test.each(FILES)("$file", async ({ processes }) => {
  const { env, cloud } = await startCloud();
  const project = scratchFolder();
  mkdirSync(join(project, ".dispatch/state/bundles"), { recursive: true });
  cpSync(join(FIXTURES, "packing/parcel.tar.gz"), join(project, `.dispatch/state/bundles/${PARCEL_BUNDLE}.tar.gz`));
  cpSync(join(FIXTURES, "packing/parcel"), join(project, "parcel"), { recursive: true });
  for (const lines of processes) {
    // The recorded configurations name a service and a key that were never there.
    const ours = lines.map((line) =>
      line.replaceAll("key-of-the-example", API_KEY).replaceAll("http://127.0.0.1:9", env.SEREN_API_BASE),
    );
    const child = new Child("deployment", { env, cwd: project });
    child.send(...ours);
    expect(await child.end()).toEqual(CLEAN_EXIT);
    expect(child.messages).toHaveLength(lines.length);
    for (const [index, line] of ours.entries()) {
      const { id, method }: { id: number; method: string } = JSON.parse(line);
      const message = child.messages[index];
      expect(message?.kind === "notification" ? undefined : message?.id, "the host's id, as a number").toBe(id);
      const { result, error } = answerOf(message);
      expect(result?.kind ?? error?.code, `${method}: ${error?.message}`).toMatch(
        KINDS[method.replace("deployment.", "")] ?? /^$/,
      );
    }
  }
  const { deploymentsCreated } = cloud.stats();
  expect(deploymentsCreated).toBeLessThanOrEqual(processes.length);
});

test("there are recordings of every request the host sends", () => {
  const methods = FILES.flatMap(({ processes }) => processes.flat().map((line) => JSON.parse(line).method));
  expect([...new Set(methods)].sort()).toEqual(
    Object.keys(KINDS)
      .map((kind) => `deployment.${kind}`)
      .sort(),
  );
});
