/** A plan for the whole program: a plan of the core, and a host on two pipes. */

import { SeededRandom } from "../../support/in-process/seeded-random.ts";
import { generatePlan } from "../plan-generator.ts";
import type { SimulationPlan } from "../simulation-plan.ts";
import type { ReadingPlan } from "./pipes.ts";

export interface HostPlan extends SimulationPlan {
  host: {
    kind: "dispatch" | "roder" | "mcp" | "acp";
    reads: ReadingPlan;
    /** Invalid lines that the host writes, with their times. */
    rubbish: { atMs: number; line: string }[];
    /** How and when the host leaves. Absent: when everything is done. */
    ending?: { how: "shutdown" | "eof" | "signal" | "gone"; atMs: number };
  };
}

const INVALID_LINES = [
  "",
  "not json",
  '{"jsonrpc":"2.0"}',
  "[]",
  "null",
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
  '{"jsonrpc":"2.0","id":9007199254740993,"method":"no/such"}',
  '{"jsonrpc":"2.0","id":"text","method":"no/such","params":[1,2]}',
  `{"jsonrpc":"2.0","id":987654320,"method":"courier.run","params":${"[".repeat(300)}${"]".repeat(300)}}`,
  '{"jsonrpc":"2.0","id":987654321,"method":"subagents/dispatch","params":{"dispatcherId":"\\ud800"}}',
  '{"jsonrpc":"2.0","id":1e400,"result":{}}',
  "\u0000\u0001",
  "x".repeat(70_000),
];

export function generateHostPlan(seed: number): HostPlan {
  const { crash: _, drain: __, ...plan } = generatePlan(seed);
  const random = new SeededRandom(seed ^ 0x40571);
  const rubbish = random.chance(0.3)
    ? Array.from({ length: random.int(1, 6) }, () => ({
        atMs: random.magnitude(1, 20_000),
        line: random.pick(INVALID_LINES),
      }))
    : [];
  return {
    ...plan,
    host: {
      kind: random.pick(["dispatch", "roder", "mcp", "acp"]),
      reads: generateReading(random),
      rubbish,
      ...random.maybe(0.5, () => ({
        ending: {
          how: random.pick(["shutdown", "eof", "signal", "gone"] as const),
          atMs: random.magnitude(1, 60_000),
        },
      })),
    },
  };
}

function generateReading(random: SeededRandom): ReadingPlan {
  if (random.chance(0.5)) return {};
  const after = random.int(1, 30);
  return random.pick<ReadingPlan>([
    { everyMs: random.magnitude(1, 2_000) },
    { pause: { after, ms: random.magnitude(100, 200_000) } },
    { stopAfter: after },
  ]);
}
