/** Generates a plan from a seed. Waits are short, because the built program runs in real time. */
import type { FaultPlan, FaultRule } from "../../src/local/index.ts";
import { generateFaults } from "../sim/fault-generator.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { API_KEY, canaryTexts } from "./canaries.ts";
import type { ChaosPlan, CourierPlan, CourierRequest, Ending, RoderPlan, RoderRequest } from "./chaos-plan.ts";

/** Longest wait of a fault. */
const LONGEST_MS = 1_500;
/** A task's log is limited to 64 KiB per second, so long texts make long plans. */
const LONGEST_TEXT_CHARS = 20_000;
const PIECES = [
  "a",
  "Ünï ",
  "日本 ",
  "🦊",
  "line\n",
  "two\r\nlines\n",
  "tail of a longer sentence, ",
  "{i} ",
  'a "quote" and a \\ ',
  "\u0000\u001b[31m",
  "\u2028\ufeff\u0085",
  "half \ud83d",
  "x".repeat(300),
  "日".repeat(3_000),
  '{"kind":"done"}\n',
];
const PARCELS = ["chat", "job", "heartbeat", "minimal", "tools", "unicode", "skills", "mounts"] as const;
const VIA = { job: "job", heartbeat: "heartbeat" } as const;

export function generateChaosPlan(seed: number): ChaosPlan {
  const random = new SeededRandom(deriveSeed(seed, 77));
  if (random.chance(0.25)) return { host: random.pick(["mcp", "acp"]), seed };
  return random.chance(0.7) ? generateRoderPlan(seed, random) : generateCourierPlan(seed, random);
}

function generateCommon(seed: number, random: SeededRandom) {
  return {
    seed,
    faults: shortenWaits(generateChaosFaults(random)),
    service: {
      deployMs: random.chance(0.8) ? 0 : random.magnitude(10, 500),
      startMs: random.chance(0.6) ? 0 : random.magnitude(1, 300),
      firstSequence: random.pick([0, 1] as const),
      retryMs: random.pick([0, 20, 300]),
    },
    invalidLines: random.chance(0.3) ? random.int(1, 5) : 0,
    ...random.maybe(0.3, () => ({ reader: { everyMs: random.magnitude(5, 200), forMs: random.magnitude(5, 800) } })),
    person: { afterMs: random.magnitude(1, 800), decision: random.pick(["approve", "reject"] as const) },
  };
}

function generateRoderPlan(seed: number, random: SeededRandom): RoderPlan {
  const ending = random.chance(0.12);
  const target = random.pick(["agent", "deployment"] as const);
  const plan: RoderPlan = { host: "roder", target, ...generateCommon(seed, random), requests: [] };
  for (let count = random.chance(0.5) ? 1 : random.int(2, 4); count > 0; count -= 1) {
    plan.requests.push(generateRoderRequest(random, target));
  }
  if (ending) {
    const how = random.pick<Ending>(["eof", "SIGTERM", "SIGINT", "shutdown", "stdout"]);
    plan.ending = { how, afterMs: random.magnitude(1, 1_500) };
  }
  return plan;
}

function generateRoderRequest(random: SeededRandom, target: RoderPlan["target"]): RoderRequest {
  const via =
    target === "agent" && random.chance(0.7) ? "dispatch" : random.pick(["task", "task", "task", "tool"] as const);
  const { script, endless, canary } = generateScript(random, false);
  const cancelMs: number[] = [];
  while (random.chance(endless ? 0.6 : 0.3) && cancelMs.length < 4) {
    cancelMs.push(random.chance(0.25) ? 0 : random.magnitude(1, 1_500));
  }
  if (via === "tool" && cancelMs.length === 0) cancelMs.push(random.magnitude(300, 1_500));
  return {
    via,
    atMs: random.chance(0.6) ? 0 : random.magnitude(1, 500),
    script,
    canary,
    timeoutSeconds: random.chance(0.15) || (endless && cancelMs.length === 0) ? random.int(1, 2) : 120,
    cancelMs: cancelMs.sort((a, b) => a - b),
    twice: random.chance(0.15),
    detach: via === "task" && !endless && random.chance(0.1),
  };
}

function generateCourierPlan(seed: number, random: SeededRandom): CourierPlan {
  const parcel = random.pick(PARCELS);
  const plan: CourierPlan = { host: "courier", parcel, ...generateCommon(seed, random), requests: [] };
  const ends = random.chance(0.2);
  for (let count = random.chance(0.6) ? 1 : random.int(2, 3); count > 0; count -= 1) {
    const { script, endless, canary } = generateScript(random, parcel === "job");
    const request: CourierRequest = {
      via: VIA[parcel as keyof typeof VIA] ?? "chat",
      atMs: random.chance(0.7) ? 0 : random.magnitude(1, 200),
      // A turn cannot be cancelled and its deadline is minutes away: an endless script needs a host that exits.
      script: endless && !ends ? script.filter((step) => !("hang" in step)) : script,
      canary,
      stale: random.chance(0.2),
    };
    plan.requests.push(request);
  }
  if (ends) {
    const how = random.pick<Ending>(["eof", "SIGTERM", "SIGINT", "shutdown", "stdout"]);
    plan.ending = { how, afterMs: random.magnitude(1, 1_500) };
  }
  return plan;
}

function generateScript(
  random: SeededRandom,
  declared: boolean,
): { script: object[]; endless: boolean; canary: boolean } {
  const script: object[] = [];
  let canary = false;
  for (let count = random.int(0, 7); count > 0; count -= 1) {
    if (random.chance(0.06)) {
      canary = true;
      script.push(...generateCanaryText(random, declared));
    } else script.push(generateStep(random));
  }
  if (random.chance(0.12)) script.splice(random.int(0, script.length), 0, { interrupt: "its host was replaced" });
  const endless = random.chance(0.1);
  if (endless) script.push({ hang: true });
  else if (random.chance(0.25)) script.push(generateEnding(random));
  return { script, endless, canary };
}

const pause = (random: SeededRandom) => (random.chance(0.6) ? 0 : random.magnitude(1, 60));

function generateStep(random: SeededRandom): object {
  switch (random.int(0, 11)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return generateText(random);
    case 5:
      return { think: random.pick(PIECES), n: random.int(1, 3), every_ms: pause(random) };
    case 6:
    case 7:
      return {
        tool: random.pick(["search", "write\nit", "日本"]),
        args: { q: random.pick(PIECES) },
        result: random.pick(PIECES),
        ms: pause(random),
        ...(random.chance(0.2) ? { error: true } : {}),
      };
    case 8:
      return { sleep_ms: random.magnitude(1, 500) };
    case 9:
      return { artifact: { id: `artifact-${random.int(1, 3)}`, kind: "report", title: random.pick(PIECES) } };
    case 10:
      return { raw: { type: random.pick(["curious", "handoff", "text"]), odd: true } };
    default:
      return { approve: random.pick(["deploy", ["deploy", "pay"]]), on_reject: random.pick(["block", "continue"]) };
  }
}

/** Returns steps with a secret, sometimes split in two. Secrets recognized by form are not split: their parts are none. */
function generateCanaryText(random: SeededRandom, declared: boolean): object[] {
  const text = random.pick(canaryTexts(declared));
  const at = text.indexOf(API_KEY);
  if (at < 0 || random.chance(0.5)) return [{ text }];
  const cut = at + random.int(1, API_KEY.length - 1);
  return [{ text: text.slice(0, cut) }, { sleep_ms: random.int(0, 50) }, { text: text.slice(cut) }];
}

function generateText(random: SeededRandom): object {
  const text = random.pick(PIECES);
  const most = Math.max(1, Math.min(60, Math.floor(LONGEST_TEXT_CHARS / text.length)));
  return { text, n: random.chance(0.5) ? 1 : random.magnitude(1, most), every_ms: pause(random) / 4 };
}

function generateEnding(random: SeededRandom): object {
  return random.pick<object>([
    { fail: "it went wrong" },
    { error: "model overloaded", code: "model_provider_rejected", retryable: true },
    { status: random.pick(["blocked", "timeout", "error", "canceled", "cancelled", "failed"]), message: "ended badly" },
    { output: random.pick(['{"response":"from the output"}', "plain output"]) },
    { usage: { input_tokens: 2 ** 40, output_tokens: 12, compute_usd: "0.5" } },
    { text: "x".repeat(1_000), n: random.chance(0.1) ? 900 : 40 },
  ]);
}

/** The simulator's faults, with more lost replies to the create call, which may lead to duplicate runs. */
function generateChaosFaults(random: SeededRandom): FaultPlan {
  const { seed, rules } = generateFaults(random);
  if (!random.chance(0.12)) return { ...(seed === undefined ? {} : { seed }), rules };
  const answer = random.pick(["drop", "unavailable", "html", "cut"] as const);
  const lost: FaultRule = { kind: "lost_reply", where: "create_run", answer, times: random.int(1, 2) };
  return { ...(seed === undefined ? {} : { seed }), rules: [...rules, lost] };
}

/** Returns the same faults with short waits. Hangs, which only a long timeout would end, become broken connections. */
function shortenWaits(plan: FaultPlan): FaultPlan {
  return { ...plan, rules: plan.rules.map(withShortWait) };
}

function withShortWait(rule: FaultRule): FaultRule {
  switch (rule.kind) {
    case "hang":
      return { ...rule, kind: "drop" };
    case "lost_reply": {
      const { retry_after, ...kept } = rule;
      return {
        ...kept,
        answer: rule.answer === "hang" ? "drop" : rule.answer,
        ...(retry_after === undefined ? {} : { retry_after: Math.min(retry_after, 1) }),
      };
    }
    case "status":
      return typeof rule.retry_after === "number" ? { ...rule, retry_after: Math.min(rule.retry_after, 1) } : rule;
    case "stall":
      return { ...rule, ms: Math.min(rule.ms ?? LONGEST_MS, LONGEST_MS) };
    case "delay":
    case "late_reply":
    case "slow_cancel":
    case "starting":
    case "lag":
      return { ...rule, ms: Math.min(rule.ms, LONGEST_MS) };
    default:
      return rule;
  }
}
