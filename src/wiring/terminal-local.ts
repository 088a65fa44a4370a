/** The embedded Seren Cloud as a server, for the terminal's `local` command. */
import { readFileSync } from "node:fs";
import * as z from "zod";
import type { LocalOptions, LocalRequestLine } from "../adapters/terminal/index.ts";
import {
  type FaultPlan,
  FaultPlanSchema,
  LocalCloud,
  type LocalRequest,
  type LocalResponse,
  PUBLISHER_PREFIX,
  randomFaultPlan,
  startLocalHttp,
} from "../local/index.ts";
import type { Ambient } from "../support/ambient.ts";
import { ExecutionFailure } from "../support/failure.ts";

export async function serveLocal({ port, faults, onRequest }: LocalOptions, ambient: Ambient) {
  const plan = faults === undefined ? undefined : faultPlan(faults);
  return startLocalHttp(new ReportingCloud({ ambient, faults: plan }, ambient, onRequest), { port, unref: false });
}

/** Tells of every request once its answer has begun. */
class ReportingCloud extends LocalCloud {
  readonly #ambient: Ambient;
  readonly #report: (line: LocalRequestLine) => void;

  constructor(
    options: ConstructorParameters<typeof LocalCloud>[0],
    ambient: Ambient,
    report: (line: LocalRequestLine) => void,
  ) {
    super(options);
    this.#ambient = ambient;
    this.#report = report;
  }

  override async handle(request: LocalRequest, signal?: AbortSignal): Promise<LocalResponse> {
    const before = this.#ambient.now();
    const response = await super.handle(request, signal);
    const path = request.path.startsWith(PUBLISHER_PREFIX) ? request.path.slice(PUBLISHER_PREFIX.length) : request.path;
    this.#report({
      method: request.method,
      path,
      status: response.drop === true ? "dropped" : response.status,
      tookMs: this.#ambient.now() - before,
    });
    return response;
  }
}

/** A seed, or the path of a JSON file. Throws `invalid_input`. */
function faultPlan(source: string): FaultPlan {
  if (/^\d{1,9}$/.test(source)) return randomFaultPlan(Number(source));
  const refuse = (why: string, cause: unknown) =>
    new ExecutionFailure(
      "invalid_input",
      `the fault plan ${source} ${why}; give a JSON file such as {"rules": [{"kind": "cut", "where": "stream", "frames": 3}]}, or a number as a seed`,
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(source, "utf8"));
  } catch (error) {
    throw refuse("cannot be read as JSON", error);
  }
  const plan = FaultPlanSchema.safeParse(value);
  if (!plan.success) throw refuse(`does not fit: ${z.prettifyError(plan.error).replaceAll("\n", " ")}`, plan.error);
  return plan.data;
}
