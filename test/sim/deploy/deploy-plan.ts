/** Plans of `dispatch up`: upserts of one family at random times, from one machine or two, some of them killed half-way. */
import type { FaultRule } from "../../../src/local/index.ts";
import { deriveSeed, SeededRandom } from "../../support/in-process/seeded-random.ts";
import type { NetworkPlan } from "../simulated-transport.ts";

export interface PlannedUp {
  atMs: number;
  machine: 0 | 1;
  /** The spec that is asked for. */
  spec: "1" | "2" | "3";
  /** The process is killed so long after its start. */
  killAfterMs?: number;
}

export interface DeployPlan {
  seed: number;
  isUndisturbed: boolean;
  ups: PlannedUp[];
  faults: { seed: number; rules: FaultRule[] };
  deployMs: number;
  network: NetworkPlan;
}

const PLACES = ["deployments", "deployment", "delete", "deploy", "list"] as const;

export function generateDeployPlan(seed: number): DeployPlan {
  const random = new SeededRandom(deriveSeed(seed, 1));
  const twoMachines = random.chance(0.5);
  /** Whether nothing goes wrong but that several ask at the same time. */
  const isUndisturbed = random.chance(0.3);
  const ups = Array.from(
    { length: random.int(1, 5) },
    (): PlannedUp => ({
      atMs: random.int(0, random.pick([0, 2_000, 60_000, 600_000])),
      machine: twoMachines ? random.pick([0, 1] as const) : 0,
      spec: random.pick(["1", "2", "3"] as const),
      ...(!isUndisturbed && random.chance(0.35)
        ? { killAfterMs: random.int(1, random.pick([500, 5_000, 40_000])) }
        : {}),
    }),
  );
  const rules = Array.from({ length: isUndisturbed ? 0 : random.int(0, 3) }, () => drawRule(random));
  const isCalm = isUndisturbed || random.chance(0.5);
  return {
    seed,
    isUndisturbed,
    ups,
    faults: { seed: deriveSeed(seed, 2), rules },
    deployMs: random.pick([0, 0, 3_000, 45_000]),
    network: {
      seed: deriveSeed(seed, 3),
      latencyMs: random.int(0, 400),
      refused: isCalm ? 0 : 0.05,
      lost: isCalm ? 0 : 0.08,
      cut: 0,
      shred: false,
    },
  };
}

function drawRule(random: SeededRandom): FaultRule {
  const counting = { after: random.int(0, 3), times: random.int(1, 2) };
  const draws: (() => FaultRule)[] = [
    () => ({
      kind: "lost_reply",
      where: "deploy",
      answer: random.pick(["drop", "unavailable", "html", "cut"]),
      ...counting,
    }),
    () => ({ kind: "status", where: random.pick(PLACES), status: random.pick([429, 500, 502, 503]), ...counting }),
    () => ({ kind: "drop", where: random.pick(PLACES), ...counting }),
    () => ({ kind: "late_reply", where: "deploy", ms: random.int(100, 20_000), ...counting }),
    () => ({ kind: "fail_build", where: "deploy", message: "no image", ...counting }),
    () => ({ kind: "slow_build", where: "deploy", ms: random.int(1_000, 240_000), ...counting }),
    () => ({ kind: "lag", where: "deployments", ms: random.int(100, 5_000) }),
    () => ({ kind: "lost_reply", where: "delete", answer: random.pick(["drop", "unavailable"]), ...counting }),
  ];
  return random.pick(draws)();
}
