/** The suites of the real hosts against a service whose answers have odd members: `SEREN_TEST_ODD=<seed>`. */
import { type FaultPlan, REQUIRED_MEMBERS } from "../../src/local/index.ts";

/** What a run returns, and the members by which a suite finds its runs again. */
const SPARED = [...REQUIRED_MEMBERS, "output", "invocation_payload", "message", "inputs"];
/** More answers than any suite asks for. */
const ALWAYS = 1_000_000;

export function oddFaults(): FaultPlan | undefined {
  const seed = process.env.SEREN_TEST_ODD;
  if (seed === undefined) return undefined;
  return { seed: Number(seed), rules: [{ kind: "odd", where: "any", spare: SPARED, times: ALWAYS }] };
}
