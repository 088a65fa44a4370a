/** Draws a plan from a seed. */

import { derive, Lots } from "../support/in-process/seeded-random.ts";
import { drawFaults } from "./fault-generator.ts";
import { isDamaged } from "./oracle.ts";
import type { ConsumerPlan, Plan, RunPlan } from "./simulation-plan.ts";

const PIECES = ["a", "Ünï ", "日本 ", "🦊", "line\n", "tail of a longer sentence, ", "{i} ", "\u0000", "x".repeat(300)];
const PHASES = ["resolving", "deploying", "submitting", "queued", "running", "reconnecting", "awaiting_approval"];

export function drawPlan(seed: number): Plan {
  const lots = new Lots(seed);
  const runs: RunPlan[] = [];
  const count = lots.chance(0.6) ? 1 : lots.int(2, 4);
  for (let index = 0; index < count; index += 1) runs.push(drawRun(lots, index));
  const plan: Plan = {
    seed,
    runs,
    faults: drawFaults(lots),
    road: {
      seed: derive(seed, 1),
      latencyMs: lots.magnitude(1, 2_000),
      refused: lots.chance(0.2) ? 0.2 * lots.random() : 0,
      lost: lots.chance(0.3) ? 0.25 * lots.random() : 0,
      cut: lots.chance(0.2) ? 0.2 * lots.random() : 0,
      shred: lots.chance(0.3),
    },
    service: {
      deployMs: lots.chance(0.5) ? 0 : lots.magnitude(100, 30_000),
      startMs: lots.chance(0.5) ? 0 : lots.magnitude(10, 10_000),
      firstSequence: lots.pick([0, 1]),
      keepAliveMs: lots.pick([0, 15_000, 45_000]),
    },
  };
  // Only whole streams make up for a record that cannot be read.
  const isKnownByStream = !isDamaged(plan) && runs.every(({ script }) => script.every((step) => !("output" in step)));
  if (isKnownByStream && lots.chance(0.1)) plan.road.largest = lots.magnitude(2_500, 20_000);
  if (lots.chance(0.6)) {
    plan.person = { afterMs: lots.magnitude(10, 60_000), decision: lots.pick(["approve", "reject"]) };
  }
  if (lots.chance(0.08)) plan.drain = { atMs: lots.magnitude(1, 30_000), budgetMs: lots.pick([120, 1_400, 5_000]) };
  if (lots.chance(0.15)) {
    plan.crash = { atMs: lots.magnitude(1, 30_000), restartMs: lots.magnitude(1, 20_000) };
    // A run that ends by itself would hide that nobody stopped it.
    for (const { script } of runs) if (lots.chance(0.7)) script.push({ hang: true });
  }
  return plan;
}

function drawRun(lots: Lots, index: number): RunPlan {
  const run: RunPlan = {
    atMs: lots.chance(0.5) ? 0 : lots.magnitude(1, 5_000),
    script: drawScript(lots),
    target: lots.chance(0.4)
      ? { kind: "deployment" }
      : {
          kind: "workload",
          name: lots.pick(["alpha-1234abcd-00000000", "beta-1234abcd-00000000"]),
          ...(lots.chance(0.3) ? { known: lots.pick(["live", "gone"] as const) } : {}),
        },
    timeoutMs: lots.chance(0.15) ? lots.magnitude(1, 10_000) : lots.magnitude(10_000, 400_000),
    onApproval: lots.pick(["wait", "return"]),
    consumer: drawConsumer(lots),
    stops: [],
  };
  if (lots.chance(0.1)) run.detach = true;
  if (index > 0 && lots.chance(0.3)) {
    run.attachTo = lots.int(0, index - 1);
    if (lots.chance(0.5)) run.owned = true;
  }
  if (lots.chance(0.3)) run.conversation = `talk-${lots.int(1, 2)}`;
  while (lots.chance(0.35)) {
    run.stops.push({
      by: lots.pick(["host", "person", "shutdown"]),
      ms: lots.chance(0.3) ? 0 : lots.magnitude(1, 30_000),
      ...(lots.chance(0.6) ? { phase: lots.pick(PHASES) } : {}),
    });
  }
  return run;
}

function drawConsumer(lots: Lots): ConsumerPlan {
  if (lots.chance(0.6)) return {};
  const after = lots.int(0, 20);
  return lots.pick<() => ConsumerPlan>([
    () => ({ everyMs: lots.magnitude(1, 3_000) }),
    () => ({ pause: { after, ms: lots.magnitude(100, 200_000) } }),
    () => ({ stallAfter: after }),
    () => ({ breakAfter: after }),
  ])();
}

function drawScript(lots: Lots): object[] {
  const steps: object[] = [];
  for (let count = lots.int(0, 8); count > 0; count -= 1) steps.push(drawStep(lots));
  if (lots.chance(0.3)) steps.push(drawEnding(lots));
  return steps;
}

const pause = (lots: Lots) => (lots.chance(0.5) ? 0 : lots.magnitude(1, 4_000));

function drawStep(lots: Lots): object {
  switch (lots.int(0, 11)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return { text: lots.pick(PIECES), n: lots.chance(0.5) ? 1 : lots.magnitude(1, 40), every_ms: pause(lots) };
    case 4:
      return { think: lots.pick(PIECES), n: lots.int(1, 3), every_ms: pause(lots) };
    case 5:
    case 6:
    case 7:
      return {
        tool: lots.pick(["search", "write"]),
        args: { q: lots.pick(PIECES) },
        result: lots.pick(PIECES),
        ms: pause(lots),
        ...(lots.chance(0.2) ? { error: true } : {}),
      };
    case 8:
      return { sleep_ms: lots.magnitude(1, lots.chance(0.2) ? 100_000 : 5_000) };
    case 9:
      return { artifact: { id: `artifact-${lots.int(1, 3)}`, kind: "report", title: "Report" } };
    case 10:
      return { raw: { type: lots.pick(["curious", "handoff", "text"]), odd: true } };
    default:
      return { approve: lots.pick(["deploy", ["deploy", "pay"]]), on_reject: lots.pick(["block", "continue"]) };
  }
}

function drawEnding(lots: Lots): object {
  return lots.pick<object>([
    { hang: true },
    { fail: "it went wrong" },
    { error: "model overloaded", code: "model_provider_rejected", retryable: true },
    { status: lots.pick(["blocked", "timeout", "error", "canceled", "cancelled", "failed"]), message: "ended badly" },
    { output: lots.pick(['{"response":"from the output"}', "plain output"]) },
    { status: "half_way", message: "an unknown status" },
  ]);
}
