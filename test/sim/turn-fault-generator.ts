/**
 * Draws conversations that are busy and runs that a restart of their runtime interrupts, with what goes wrong at the calls
 * that follow. Drawn apart from the other faults, so that a seed keeps its plan otherwise.
 */
import type { FaultRule } from "../../src/local/index.ts";
import type { SeededRandom } from "../support/in-process/seeded-random.ts";
import type { PlannedRun, SimulationPlan } from "./simulation-plan.ts";

const BUSY_SHARE = 0.2;
const INTERRUPTED_SHARE = 0.3;

type RuleGenerator = (random: SeededRandom) => FaultRule;

const RESUMES: readonly RuleGenerator[] = [
  (random) => ({
    kind: "status",
    where: "resume",
    status: random.pick([409, 429, 500, 502, 503, 503, 503, 504] as const),
    times: random.int(1, 4),
    ...(random.chance(0.3) ? { retry_after: random.int(0, 8) } : {}),
  }),
  (random) => ({
    kind: "lost_reply",
    where: "resume",
    times: random.int(1, 2),
    answer: random.pick(["drop", "unavailable", "unavailable", "html", "cut", "hang"] as const),
  }),
  (random) => ({ kind: "late_reply", where: "resume", ms: random.magnitude(10, 90_000) }),
  (random) => ({ kind: "delay", where: "resume", ms: random.magnitude(10, 5_000) }),
  () => ({ kind: "drop", where: "resume" }),
  (random) => ({
    kind: "lag",
    where: random.pick(["record", "state", "any"] as const),
    ms: random.magnitude(50, 2_500),
  }),
];

export function addTurnFaults(plan: SimulationPlan, random: SeededRandom): void {
  if (random.chance(BUSY_SHARE)) makeBusy(plan, random);
  if (random.chance(INTERRUPTED_SHARE)) interrupt(plan, random);
}

/** Lets the runs talk in one conversation of one deployment, which takes one turn at a time. */
function makeBusy({ runs, faults }: SimulationPlan, random: SeededRandom): void {
  const [first] = runs;
  if (!first) return;
  if (runs.length === 1) runs.push(anotherTurn(first, random));
  for (const run of runs) {
    if (random.chance(0.2)) continue;
    run.target = first.target;
    run.conversation = "talk-1";
  }
  faults.rules.push({ kind: "busy", where: "create_run", form: random.pick(["run", "run", "refusal"]) });
}

function anotherTurn(first: PlannedRun, random: SeededRandom): PlannedRun {
  return {
    ...first,
    atMs: first.atMs + random.magnitude(1, 5_000),
    script: [{ text: "another turn" }, { sleep_ms: random.magnitude(1, 5_000) }],
    timeoutMs: random.magnitude(5_000, 400_000),
    consumer: {},
    stops: random.chance(0.3) ? [{ by: random.pick(["host", "person"]), ms: random.magnitude(1, 60_000) }] : [],
  };
}

function interrupt({ runs, faults }: SimulationPlan, random: SeededRandom): void {
  for (const { script } of runs) {
    for (let count = random.int(0, 2); count > 0; count -= 1) {
      script.splice(random.int(0, script.length), 0, { interrupt: "its host was replaced" });
    }
  }
  if (random.chance(0.3)) {
    faults.rules.push({ kind: "interrupt", where: "create_run", events: random.int(0, 6), times: random.int(1, 3) });
  }
  for (let count = random.int(0, 3); count > 0; count -= 1) faults.rules.push(random.pick(RESUMES)(random));
}
