/**
 * I14: foreign text costs at most linear time, foreign sizes are bounded, and nothing waits without the deadline of the request it
 * serves. What breaks one of these does not come to an end within the limit of a test.
 */
import { expect, test } from "vitest";
import type { FaultRule } from "../../src/local/index.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { CourierHost, parcel, streamedOf } from "../support/child-process/courier-host.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const REPEATED: [string, string][] = [
  ["blanks before a letter", " "],
  ["opened escape sequences", "\u001b["],
  ["opened quotes with backslashes", '"\\'],
  ["words that begin like a key", "seren_"],
  ["marks on one letter", "\u0301"],
  ["addresses without an end", "https://a."],
];

test.each(REPEATED)("a long text of %s reaches both kinds of hosts", async (_, piece) => {
  const text = `${piece.repeat(Math.ceil(400_000 / JSON.stringify(piece).length))}x`;
  const prompt = script({ tool: "t", args: { q: text }, result: text }, { text });
  const server = await startCloud();
  const host = new CourierHost({ env: server.env });
  const [turn, ended] = await Promise.all([
    host.open(parcel("chat")).then((session) => host.run(parcel("chat"), session, { kind: "chat", input: prompt })),
    startPiped(server.env, prompt),
  ]);
  expect(streamedOf(turn).endsWith("x")).toBe(true);
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/x\n$/) });
});

/** The prompt is longer than an argument may be. */
function startPiped(env: Record<string, string>, prompt: string) {
  const { child, ended } = startTerminal(env, ["run", "-"]);
  child.stdin.end(prompt);
  return ended;
}

const SILENT = ["deployments", "deployment", "stream", "state", "record", "events", "artifacts"] as const;

const ENDS = script({ text: "done\n" });
const ENDLESS = script({ hang: true });
const CASES = [...SILENT, "all of these"].flatMap((where) => [
  { where, what: "of a run that ends", prompt: ENDS },
  { where, what: "of an endless run", prompt: ENDLESS },
]);

test.each(CASES)("a request $what ends at its deadline although $where never answers", async ({ where, prompt }) => {
  const silent = SILENT.filter((one) => where === "all of these" || one === where);
  const rules: FaultRule[] = silent.map((one) => ({ kind: "hang", where: one, times: 1_000 }));
  const server = await startCloud({ deployMs: 200, faults: { rules } });
  const { code } = await startTerminal(server.env, ["run", "--timeout", "1s", prompt]).ended;
  // What ended in time has its answer: the cancel returns the record, too.
  expect(prompt === ENDS ? [0, 4, 124] : [4, 124]).toContain(code);
  expect(server.cloud.stats().runsActive).toEqual([]);
});
