/** Draws a plan from a seed. Waits are short: the clock of the built program is the real one. */
import type { FaultPlan, FaultRule } from "../../src/local/index.ts";
import { drawFaults } from "../sim/fault-generator.ts";
import { derive, Lots } from "../support/in-process/seeded-random.ts";
import { API_KEY, tellingTexts } from "./canaries.ts";
import type { ChaosPlan, CourierPlan, CourierRequest, Ending, RoderPlan, RoderRequest } from "./chaos-plan.ts";

/** Longest wait a fault may cause. */
const LONGEST_MS = 1_500;
/** A task's log takes 64 KiB a second, so long texts make long plans. */
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

export function drawPlan(seed: number): ChaosPlan {
  const lots = new Lots(derive(seed, 77));
  return lots.chance(0.7) ? drawRoder(seed, lots) : drawCourier(seed, lots);
}

function drawCommon(seed: number, lots: Lots) {
  return {
    seed,
    faults: hasten(drawPlanFaults(lots)),
    service: {
      deployMs: lots.chance(0.8) ? 0 : lots.magnitude(10, 500),
      startMs: lots.chance(0.6) ? 0 : lots.magnitude(1, 300),
      firstSequence: lots.pick([0, 1] as const),
      retryMs: lots.pick([0, 20, 300]),
    },
    rubbish: lots.chance(0.3) ? lots.int(1, 5) : 0,
    ...lots.maybe(0.3, () => ({ reader: { everyMs: lots.magnitude(5, 200), forMs: lots.magnitude(5, 800) } })),
    person: { afterMs: lots.magnitude(1, 800), decision: lots.pick(["approve", "reject"] as const) },
  };
}

function drawRoder(seed: number, lots: Lots): RoderPlan {
  const ending = lots.chance(0.12);
  const target = lots.pick(["agent", "deployment"] as const);
  const plan: RoderPlan = { host: "roder", target, ...drawCommon(seed, lots), requests: [] };
  for (let count = lots.chance(0.5) ? 1 : lots.int(2, 4); count > 0; count -= 1) {
    plan.requests.push(drawRoderRequest(lots, target));
  }
  if (ending) {
    const how = lots.pick<Ending>(["eof", "SIGTERM", "SIGINT", "shutdown", "stdout"]);
    plan.ending = { how, afterMs: lots.magnitude(1, 1_500) };
  }
  return plan;
}

function drawRoderRequest(lots: Lots, target: RoderPlan["target"]): RoderRequest {
  const via =
    target === "agent" && lots.chance(0.7) ? "dispatch" : lots.pick(["task", "task", "task", "tool"] as const);
  const { script, endless, canary } = drawScript(lots, false);
  const cancelMs: number[] = [];
  while (lots.chance(endless ? 0.6 : 0.3) && cancelMs.length < 4) {
    cancelMs.push(lots.chance(0.25) ? 0 : lots.magnitude(1, 1_500));
  }
  if (via === "tool" && cancelMs.length === 0) cancelMs.push(lots.magnitude(300, 1_500));
  return {
    via,
    atMs: lots.chance(0.6) ? 0 : lots.magnitude(1, 500),
    script,
    canary,
    timeoutSeconds: lots.chance(0.15) || (endless && cancelMs.length === 0) ? lots.int(1, 2) : 120,
    cancelMs: cancelMs.sort((a, b) => a - b),
    twice: lots.chance(0.15),
    detach: via === "task" && !endless && lots.chance(0.1),
  };
}

function drawCourier(seed: number, lots: Lots): CourierPlan {
  const parcel = lots.pick(PARCELS);
  const plan: CourierPlan = { host: "courier", parcel, ...drawCommon(seed, lots), requests: [] };
  const ends = lots.chance(0.2);
  for (let count = lots.chance(0.6) ? 1 : lots.int(2, 3); count > 0; count -= 1) {
    const { script, endless, canary } = drawScript(lots, parcel === "job");
    const request: CourierRequest = {
      via: VIA[parcel as keyof typeof VIA] ?? "chat",
      atMs: lots.chance(0.7) ? 0 : lots.magnitude(1, 200),
      // A turn has no cancel and its limit is minutes: only the end of the host ends what is endless.
      script: endless && !ends ? script.filter((step) => !("hang" in step)) : script,
      canary,
      stale: lots.chance(0.2),
    };
    plan.requests.push(request);
  }
  if (ends) {
    const how = lots.pick<Ending>(["eof", "SIGTERM", "SIGINT", "shutdown", "stdout"]);
    plan.ending = { how, afterMs: lots.magnitude(1, 1_500) };
  }
  return plan;
}

function drawScript(lots: Lots, declared: boolean): { script: object[]; endless: boolean; canary: boolean } {
  const script: object[] = [];
  let canary = false;
  for (let count = lots.int(0, 7); count > 0; count -= 1) {
    if (lots.chance(0.06)) {
      canary = true;
      script.push(...drawTelling(lots, declared));
    } else script.push(drawStep(lots));
  }
  const endless = lots.chance(0.1);
  if (endless) script.push({ hang: true });
  else if (lots.chance(0.25)) script.push(drawEnding(lots));
  return { script, endless, canary };
}

const pause = (lots: Lots) => (lots.chance(0.6) ? 0 : lots.magnitude(1, 60));

function drawStep(lots: Lots): object {
  switch (lots.int(0, 11)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return drawText(lots);
    case 5:
      return { think: lots.pick(PIECES), n: lots.int(1, 3), every_ms: pause(lots) };
    case 6:
    case 7:
      return {
        tool: lots.pick(["search", "write\nit", "日本"]),
        args: { q: lots.pick(PIECES) },
        result: lots.pick(PIECES),
        ms: pause(lots),
        ...(lots.chance(0.2) ? { error: true } : {}),
      };
    case 8:
      return { sleep_ms: lots.magnitude(1, 500) };
    case 9:
      return { artifact: { id: `artifact-${lots.int(1, 3)}`, kind: "report", title: lots.pick(PIECES) } };
    case 10:
      return { raw: { type: lots.pick(["curious", "handoff", "text"]), odd: true } };
    default:
      return { approve: lots.pick(["deploy", ["deploy", "pay"]]), on_reject: lots.pick(["block", "continue"]) };
  }
}

/** Whole, or with the key in two pieces; of what only its shape gives away, the pieces are no secret. */
function drawTelling(lots: Lots, declared: boolean): object[] {
  const text = lots.pick(tellingTexts(declared));
  const at = text.indexOf(API_KEY);
  if (at < 0 || lots.chance(0.5)) return [{ text }];
  const cut = at + lots.int(1, API_KEY.length - 1);
  return [{ text: text.slice(0, cut) }, { sleep_ms: lots.int(0, 50) }, { text: text.slice(cut) }];
}

function drawText(lots: Lots): object {
  const text = lots.pick(PIECES);
  const most = Math.max(1, Math.min(60, Math.floor(LONGEST_TEXT_CHARS / text.length)));
  return { text, n: lots.chance(0.5) ? 1 : lots.magnitude(1, most), every_ms: pause(lots) / 4 };
}

function drawEnding(lots: Lots): object {
  return lots.pick<object>([
    { fail: "it went wrong" },
    { error: "model overloaded", code: "model_provider_rejected", retryable: true },
    { status: lots.pick(["blocked", "timeout", "error", "canceled", "cancelled", "failed"]), message: "ended badly" },
    { output: lots.pick(['{"response":"from the output"}', "plain output"]) },
    { usage: { input_tokens: 2 ** 40, output_tokens: 12, compute_usd: "0.5" } },
    { text: "x".repeat(1_000), n: lots.chance(0.1) ? 900 : 40 },
  ]);
}

/** What the simulation draws, with lost answers of the create call more often: they are where runs are doubled. */
function drawPlanFaults(lots: Lots): FaultPlan {
  const { seed, rules } = drawFaults(lots);
  if (!lots.chance(0.12)) return { ...(seed === undefined ? {} : { seed }), rules };
  const answer = lots.pick(["drop", "unavailable", "html", "cut"] as const);
  const lost: FaultRule = { kind: "lost_reply", where: "create_run", answer, times: lots.int(1, 2) };
  return { ...(seed === undefined ? {} : { seed }), rules: [...rules, lost] };
}

/** The same faults with short waits; what only a timeout of a minute ends breaks the connection instead. */
export function hasten(plan: FaultPlan): FaultPlan {
  return { ...plan, rules: plan.rules.map(hastened) };
}

function hastened(rule: FaultRule): FaultRule {
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
