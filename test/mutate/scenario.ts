/** What a scenario is, and the prompts that several of them send. */
import type { LocalCloudOptions } from "../../src/local/index.ts";
import type { Mishap, OddService } from "./odd-service.ts";
import type { Home } from "./program.ts";

/** Compared between the clean trial and the odd one. */
export type Observation = Readonly<Record<string, unknown>>;

export interface Scenario {
  name: string;
  mishaps?: readonly Mishap[];
  /** How the service differs from the usual one. */
  service?: Partial<LocalCloudOptions>;
  /** Names of members without which it cannot be as usual. */
  required?: readonly string[];
  /** Prepares the service, before any member is odd. */
  before?(service: OddService, home: Home): Promise<string | undefined>;
  /** `prepared`: what `before` returned, usually the id of a run. */
  play(home: Home, prepared: string, service: OddService): Promise<Observation>;
}

export const script = (...steps: object[]) => `Do as follows:\n\n@script ${JSON.stringify(steps)}`;

export const WORK = script(
  { think: "first " },
  { text: 'The answer\nhas "quotes", https://example.com/a?b=c ' },
  { tool: "search", args: { q: "x" }, result: { hits: 3 } },
  { artifact: { id: "report-1", kind: "file", title: "Report", url: "https://example.invalid/report.txt" } },
  { text: "and two parts." },
  { usage: { input_tokens: 12, output_tokens: 34, compute_usd: "0.01", inference_usd: "0.02" } },
);
export const ASK = script(
  { text: "before " },
  { approve: "deploy", args: { env: "prod" }, reason: "because" },
  { text: "after" },
);
