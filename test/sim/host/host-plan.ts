/** What a whole-program plan has beyond a plan of the core: a host on two pipes. */

import { Lots } from "../../support/in-process/seeded-random.ts";
import { drawPlan } from "../plan-generator.ts";
import type { Plan } from "../simulation-plan.ts";
import type { ReadingPlan } from "./pipes.ts";

export interface HostPlan extends Plan {
  host: {
    kind: "dispatch" | "roder";
    reads: ReadingPlan;
    /** Lines that are no requests, each at its time. */
    rubbish: { atMs: number; line: string }[];
    /** The host goes away in the middle of it all; absent: when everything is done. */
    ending?: { how: "shutdown" | "eof" | "signal" | "gone"; atMs: number };
  };
}

const RUBBISH = [
  "",
  "not json",
  '{"jsonrpc":"2.0"}',
  "[]",
  "null",
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
  '{"jsonrpc":"2.0","id":9007199254740993,"method":"no/such"}',
  '{"jsonrpc":"2.0","id":"text","method":"no/such","params":[1,2]}',
  `{"jsonrpc":"2.0","id":77,"method":"courier.run","params":${"[".repeat(300)}${"]".repeat(300)}}`,
  '{"jsonrpc":"2.0","id":78,"method":"subagents/dispatch","params":{"dispatcherId":"\\ud800"}}',
  '{"jsonrpc":"2.0","id":1e400,"result":{}}',
  "\u0000\u0001",
  "x".repeat(70_000),
];

export function drawHostPlan(seed: number): HostPlan {
  const { crash: _, drain: __, ...plan } = drawPlan(seed);
  const lots = new Lots(seed ^ 0x40571);
  const rubbish = lots.chance(0.3)
    ? Array.from({ length: lots.int(1, 6) }, () => ({ atMs: lots.magnitude(1, 20_000), line: lots.pick(RUBBISH) }))
    : [];
  return {
    ...plan,
    host: {
      kind: lots.pick(["dispatch", "roder"]),
      reads: drawReading(lots),
      rubbish,
      ...lots.maybe(0.5, () => ({
        ending: {
          how: lots.pick(["shutdown", "eof", "signal", "gone"] as const),
          atMs: lots.magnitude(1, 60_000),
        },
      })),
    },
  };
}

function drawReading(lots: Lots): ReadingPlan {
  if (lots.chance(0.5)) return {};
  const after = lots.int(1, 30);
  return lots.pick<ReadingPlan>([
    { everyMs: lots.magnitude(1, 2_000) },
    { pause: { after, ms: lots.magnitude(100, 200_000) } },
    { stopAfter: after },
  ]);
}
