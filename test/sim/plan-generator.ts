/** Generates a plan of the core from a seed. */

import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { generateFaults } from "./fault-generator.ts";
import { generateOddFaults } from "./odd-fault-generator.ts";
import { isDamaged } from "./oracle.ts";
import type { ConsumerPlan, PlannedRun, SimulationPlan } from "./simulation-plan.ts";
import { addTurnFaults } from "./turn-fault-generator.ts";

const PIECES = ["a", "Ünï ", "日本 ", "🦊", "line\n", "tail of a longer sentence, ", "{i} ", "\u0000", "x".repeat(300)];
const PHASES = ["resolving", "deploying", "submitting", "queued", "running", "reconnecting", "awaiting_approval"];

export function generatePlan(seed: number): SimulationPlan {
  const random = new SeededRandom(seed);
  const runs: PlannedRun[] = [];
  const count = random.chance(0.6) ? 1 : random.int(2, 4);
  for (let index = 0; index < count; index += 1) runs.push(generateRun(random, index));
  const plan: SimulationPlan = {
    seed,
    runs,
    faults: generateFaults(random),
    network: {
      seed: deriveSeed(seed, 1),
      latencyMs: random.magnitude(1, 2_000),
      refused: random.chance(0.2) ? 0.2 * random.next() : 0,
      lost: random.chance(0.3) ? 0.25 * random.next() : 0,
      cut: random.chance(0.2) ? 0.2 * random.next() : 0,
      shred: random.chance(0.3),
    },
    service: {
      deployMs: random.chance(0.5) ? 0 : random.magnitude(100, 30_000),
      startMs: random.chance(0.5) ? 0 : random.magnitude(10, 10_000),
      firstSequence: random.pick([0, 1]),
      keepAliveMs: random.pick([0, 15_000, 45_000]),
    },
  };
  // A record that is too large to be read is only made up for by a complete stream.
  const isKnownByStream = !isDamaged(plan) && runs.every(({ script }) => script.every((step) => !("output" in step)));
  if (isKnownByStream && random.chance(0.1)) plan.network.largest = random.magnitude(2_500, 20_000);
  if (random.chance(0.6)) {
    plan.person = { afterMs: random.magnitude(10, 60_000), decision: random.pick(["approve", "reject"]) };
  }
  if (random.chance(0.08))
    plan.drain = { atMs: random.magnitude(1, 30_000), budgetMs: random.pick([120, 1_400, 5_000]) };
  if (random.chance(0.15)) {
    plan.crash = { atMs: random.magnitude(1, 30_000), restartMs: random.magnitude(1, 20_000) };
    // A run that ends by itself would hide a missing cancel.
    for (const { script } of runs) if (random.chance(0.7)) script.push({ hang: true });
  }
  addTurnFaults(plan, new SeededRandom(deriveSeed(seed, 4)));
  plan.faults.rules.push(...generateOddFaults(new SeededRandom(deriveSeed(seed, 3))));
  addDecisions(plan, new SeededRandom(deriveSeed(seed, 4)));
  addLimits(plan, new SeededRandom(deriveSeed(seed, 5)));
  addReplies(plan, new SeededRandom(deriveSeed(seed, 6)));
  return plan;
}

/** Lets processes of ours decide. The answer to their decision may be lost, and the service may refuse one of the two ways. */
function addDecisions({ person, service, runs, faults }: SimulationPlan, random: SeededRandom): void {
  if (!person || random.chance(0.4)) return;
  person.processes = random.chance(0.25) ? 2 : 1;
  if (random.chance(0.4)) {
    const answer = random.pick(["drop", "unavailable"] as const);
    const [where, after] = random.pick([["create_run", runs.length] as const, ["resume", 0] as const]);
    faults.rules.push({ kind: "lost_reply", where, answer, after, times: random.int(1, 2) });
  }
  if (random.chance(0.5)) return;
  service.refusedDecisions = {
    where: random.pick(["create_run", "resume"]),
    status: random.pick([400, 404, 405, 409, 422]),
  };
}

function generateRun(random: SeededRandom, index: number): PlannedRun {
  const run: PlannedRun = {
    atMs: random.chance(0.5) ? 0 : random.magnitude(1, 5_000),
    script: generateScript(random),
    target: random.chance(0.4)
      ? { kind: "deployment" }
      : {
          kind: "workload",
          name: random.pick(["alpha-1234abcd-00000000", "beta-1234abcd-00000000"]),
          ...(random.chance(0.3) ? { known: random.pick(["live", "gone"] as const) } : {}),
        },
    timeoutMs: random.chance(0.15) ? random.magnitude(1, 10_000) : random.magnitude(10_000, 400_000),
    onApproval: random.pick(["wait", "return"]),
    consumer: generateConsumer(random),
    stops: [],
  };
  if (random.chance(0.1)) run.detach = true;
  if (index > 0 && random.chance(0.3)) {
    run.attachTo = random.int(0, index - 1);
    if (random.chance(0.5)) run.owned = true;
  }
  if (random.chance(0.3)) run.conversation = `talk-${random.int(1, 2)}`;
  while (random.chance(0.35)) {
    run.stops.push({
      by: random.pick(["host", "person", "shutdown"]),
      ms: random.chance(0.3) ? 0 : random.magnitude(1, 30_000),
      ...(random.chance(0.6) ? { phase: random.pick(PHASES) } : {}),
    });
  }
  return run;
}

/** Turns that go on with the conversation of an earlier run, soon after it was started or long after it has ended. */
function addReplies(plan: SimulationPlan, random: SeededRandom): void {
  const first = plan.runs.length;
  while (random.chance(0.12) && plan.runs.length < first + 3) {
    const replyTo = random.int(0, plan.runs.length - 1);
    const { atMs = 0 } = plan.runs[replyTo] ?? {};
    const { attachTo: _, owned: __, conversation: ___, ...run } = generateRun(random, plan.runs.length);
    plan.runs.push({ ...run, atMs: atMs + random.magnitude(10, 60_000), replyTo });
  }
}

function generateConsumer(random: SeededRandom): ConsumerPlan {
  if (random.chance(0.6)) return {};
  const after = random.int(0, 20);
  return random.pick<() => ConsumerPlan>([
    () => ({ everyMs: random.magnitude(1, 3_000) }),
    () => ({ pause: { after, ms: random.magnitude(100, 200_000) } }),
    () => ({ stallAfter: after }),
    () => ({ breakAfter: after }),
  ])();
}

export function generateScript(random: SeededRandom): object[] {
  const steps: object[] = [];
  for (let count = random.int(0, 8); count > 0; count -= 1) steps.push(generateStep(random));
  if (random.chance(0.3)) steps.push(generateEnding(random));
  return steps;
}

const pause = (random: SeededRandom) => (random.chance(0.5) ? 0 : random.magnitude(1, 4_000));

function generateStep(random: SeededRandom): object {
  switch (random.int(0, 11)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return {
        text: random.pick(PIECES),
        n: random.chance(0.5) ? 1 : random.magnitude(1, 40),
        every_ms: pause(random),
      };
    case 4:
      return { think: random.pick(PIECES), n: random.int(1, 3), every_ms: pause(random) };
    case 5:
    case 6:
    case 7:
      return {
        tool: random.pick(["search", "write"]),
        args: { q: random.pick(PIECES) },
        result: random.pick(PIECES),
        ms: pause(random),
        ...(random.chance(0.2) ? { error: true } : {}),
      };
    case 8:
      return { sleep_ms: random.magnitude(1, random.chance(0.2) ? 100_000 : 5_000) };
    case 9:
      return { artifact: { id: `artifact-${random.int(1, 3)}`, kind: "report", title: "Report" } };
    case 10:
      return { raw: { type: random.pick(["curious", "handoff", "text"]), odd: true } };
    default:
      return { approve: random.pick(["deploy", ["deploy", "pay"]]), on_reject: random.pick(["block", "continue"]) };
  }
}

function generateEnding(random: SeededRandom): object {
  return random.pick<object>([
    { hang: true },
    { fail: "it went wrong" },
    { error: "model overloaded", code: "model_provider_rejected", retryable: true },
    { status: random.pick(["blocked", "timeout", "error", "canceled", "cancelled", "failed"]), message: "ended badly" },
    { output: random.pick(['{"response":"from the output"}', "plain output"]) },
    { status: "half_way", message: "an unknown status" },
  ]);
}

/** The service of a simulation asks some millionths of a dollar for a run. */
function addLimits(plan: SimulationPlan, random: SeededRandom): void {
  if (!random.chance(0.15)) return;
  plan.limits = {
    ...(random.chance(0.5) ? { runMicros: random.magnitude(1, 5_000) } : {}),
    ...(random.chance(0.3) ? { dayMicros: random.magnitude(1, 20_000) } : {}),
    ...(random.chance(0.3) ? { runsPerHour: random.int(0, 3) } : {}),
    ...(random.chance(0.3) ? { activeRuns: random.int(0, 2) } : {}),
  };
}
