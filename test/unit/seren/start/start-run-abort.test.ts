import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../../src/local/faults/seeded.ts";
import { Stopped } from "../../../../src/support/abort.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { lost, type Reply } from "../../../support/in-process/fake-transport.ts";
import { BUSY, CreateService, type Fate, GOOD, idOf, NEVER_SENT, refused, STILL_STARTING } from "./create-service.ts";

const slowly = (fate: Fate, afterMs: number): Fate => ({
  ...fate,
  answer: (runId) => {
    const answer = typeof fate.answer === "function" ? fate.answer(runId) : fate.answer;
    if (answer instanceof ExecutionFailure) throw answer;
    return { ...answer, afterMs };
  },
});
const LOST_WITH: Fate = { makes: true, answer: { status: 502 } };
const LOST_WITHOUT: Fate = { answer: { status: 502 } };
const UNNAMED: Fate = { makes: true, answer: { status: 202, body: { data: { status: "queued" } } } };
const HANGS: Fate = { makes: true, answer: { afterMs: Number.POSITIVE_INFINITY } };

const SCRIPTS: [string, Fate[], ((service: CreateService) => void)?][] = [
  ["answered at once", [GOOD]],
  ["answered after three seconds", [slowly(GOOD, 3_000)]],
  [
    "answered inline after three seconds",
    [slowly({ answer: { body: { data: { status: "completed", result: "x" } } } }, 3_000)],
  ],
  ["refused after three seconds", [slowly(refused(403), 3_000)]],
  ["still starting", [STILL_STARTING, STILL_STARTING, STILL_STARTING, GOOD]],
  ["busy", [BUSY, BUSY, BUSY, GOOD]],
  ["limited", [refused(429, "", { "retry-after": "5" }), GOOD]],
  ["never sent", [NEVER_SENT, NEVER_SENT, GOOD]],
  ["lost, a run exists", [LOST_WITH]],
  ["lost, a run exists and is listed late", [LOST_WITH], (service) => Object.assign(service, { lagMs: 4_000 })],
  ["lost after three seconds, a run exists", [slowly(LOST_WITH, 3_000)]],
  ["lost, none exists", [LOST_WITHOUT, GOOD]],
  ["lost again and again, none exists", [LOST_WITHOUT]],
  ["lost, then refused", [LOST_WITHOUT, BUSY, refused(402)]],
  ["lost, and to be asked again later", [{ answer: { status: 503, headers: { "retry-after": "20" } } }, GOOD]],
  ["accepted without a name", [UNNAMED], (service) => Object.assign(service, { lagMs: 4_000 })],
  ["no answer at all", [HANGS]],
  [
    "lost, and the list down for a minute",
    [LOST_WITH],
    (service) => {
      service.list = () => (service.now < 60_000 ? { status: 503 } : undefined);
    },
  ],
  [
    "lost, and the list never answers",
    [LOST_WITH],
    (service) => {
      service.list = () => ({ afterMs: Number.POSITIVE_INFINITY }) satisfies Reply;
    },
  ],
];

/** Starts, aborts after `ms`, and checks what must hold whatever happened. */
async function abortAfter(service: CreateService, ms: number): Promise<unknown> {
  const reason = new Stopped("host");
  const { ambient } = service.harness;
  const outcome = service.start().catch((error: unknown) => error);
  await ambient.advance(ms);
  service.controller.abort(reason);
  const ended = await ambient.runUntil(outcome);
  expect(ambient.waiting).toBe(0);
  expect(getEventListeners(service.controller.signal, "abort")).toHaveLength(0);
  await ambient.advance(600_000);
  expect(service.runs.length).toBeLessThanOrEqual(1);
  const ours = service.runs[0]?.id;
  if (ended === reason) expect(ours, "a run exists and the caller does not know it").toBeUndefined();
  else if (ended instanceof ExecutionFailure) expect(ended.kind === "unknown_outcome" || !ours).toBe(true);
  else expect(ended).toMatchObject(ours ? { kind: "tracked", runId: ours } : { kind: "inline" });
  return ended;
}

describe.each(SCRIPTS)("an abort while the call is %s", (_, fates, prepare) => {
  test("at any moment loses no run and starts no second one", async () => {
    for (let ms = 0; ms <= 70_000; ms += ms < 3_000 ? 125 : 1_750) {
      const service = new CreateService(...fates);
      prepare?.(service);
      await abortAfter(service, ms);
    }
  });
});

describe("an abort", () => {
  test("before the start starts no run", async () => {
    const service = new CreateService(GOOD);
    service.controller.abort("stop");
    await expect(service.start()).rejects.toBe("stop");
    expect(service.calls).toEqual([]);
  });

  test("does not reach the create call: the caller gets its run to cancel", async () => {
    const service = new CreateService(slowly(GOOD, 20_000));
    expect(await abortAfter(service, 10)).toMatchObject({ kind: "tracked", runId: idOf(1) });
    expect(service.harness.transport.sent[0]?.signal.aborted).toBe(false);
  });

  test("during a wait ends it at once", async () => {
    for (const fate of [STILL_STARTING, NEVER_SENT, refused(429, "", { "retry-after": "60" })]) {
      const service = new CreateService(fate);
      const outcome = service.start().catch((error: unknown) => error);
      await service.harness.ambient.settle();
      service.controller.abort("stop");
      expect(await service.harness.ambient.runUntil(outcome)).toBe("stop");
      expect(service.now).toBe(0);
      expect(service.harness.ambient.waiting).toBe(0);
    }
  });

  test("while the list stays down: the outcome is unknown after one window", async () => {
    const service = new CreateService(LOST_WITH);
    service.list = () => ({ status: 503 });
    expect(await abortAfter(service, 300_000)).toMatchObject({ kind: "unknown_outcome" });
    expect(service.looks.at(-1)).toBeLessThan(301_000);
  });
});

test("with random failures of calls and lists and random aborts, there is at most one run, and it is known", async () => {
  const answers: Fate["answer"][] = [
    lost(),
    lost({ status: 200 }),
    { status: 500 },
    { status: 503, headers: { "retry-after": "3" } },
    { status: 504 },
    { status: 202, body: { data: { status: "queued" } } },
    { body: "<html>" },
    { afterMs: Number.POSITIVE_INFINITY },
  ];
  const refusals = [
    STILL_STARTING,
    BUSY,
    NEVER_SENT,
    refused(429, "", { "retry-after": "2" }),
    refused(409),
    refused(402),
  ];
  const ends = new Set<string>();
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = seededRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const fate = (): Fate => {
      if (random() < 0.35) return pick(refusals);
      if (random() < 0.15) return GOOD;
      return { makes: random() < 0.5, answer: pick(answers) };
    };
    const service = new CreateService(fate(), fate(), fate(), fate(), GOOD);
    service.lagMs = random() * 5_000; // as much as a list may lag
    const away = random() < 0.3 ? random() * 40_000 : 0;
    service.list = () => (service.now < away ? pick([{ status: 503 }, { status: 429 }]) : undefined);
    const ended = await abortAfter(service, random() < 0.5 ? random() * 60_000 : 400_000);
    ends.add(ended instanceof Stopped ? "stopped" : ((ended as { kind: string }).kind ?? ""));
  }
  expect([...ends].sort()).toEqual(["conflict", "payment_required", "stopped", "tracked", "unknown_outcome"]);
});
