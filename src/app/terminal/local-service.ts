/** The embedded Seren Cloud as a server, for the terminal's `local` command. */
import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { LocalOptions, LocalRequestLine, LocalServer } from "../../adapters/terminal/index.ts";
import type { Config } from "../../config.ts";
import {
  type FaultPlan,
  FaultPlanSchema,
  LocalCloud,
  type LocalReply,
  type LocalRequest,
  type LocalResponse,
  PUBLISHER_PREFIX,
  randomFaultPlan,
  StateFolder,
  startLocalHttp,
} from "../../local/index.ts";
import { type Attempt, Locks } from "../../state/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure, type FailureKind } from "../../support/failure.ts";
import { readPlainFile, textOf } from "../../support/plain-file.ts";
import { Responsive } from "../../support/responsive.ts";

const MAX_PLAN_BYTES = 4 * 1024 * 1024;

export async function serveLocal(options: LocalOptions, config: Config, ambient: Ambient): Promise<LocalServer> {
  const { port, key = `local-${ambient.uuid()}`, faults, state, onRequest, onOdd, onProblem } = options;
  const plan = faults === undefined ? undefined : await faultPlan(faults);
  const endpoint = config.model();
  const model = endpoint && (await import("../model-endpoint.ts")).endpointAgent(endpoint, config, ambient);
  const owned = state === undefined ? undefined : await ownFolder(state, ambient);
  try {
    const store = state === undefined ? undefined : new StateFolder({ path: state, onProblem });
    const settings = { ambient, keys: [key], faults: plan, onOdd, agent: model?.agent, store };
    const cloud = new ReportingCloud(settings, ambient, onRequest);
    const { origin, close } = await startLocalHttp(cloud, { port, unref: false });
    return {
      origin,
      key,
      isKeySecret: config.secrets.some((secret) => key.includes(secret)),
      ...(endpoint ? { model: endpoint } : {}),
      async close() {
        await close();
        await model?.close();
        await owned?.close();
      },
    };
  } catch (error) {
    await owned?.close();
    throw error;
  }
}

/** Claims the folder for this process: two services would overwrite each other's changes. Rejects with `conflict`. */
async function ownFolder(path: string, ambient: Ambient): Promise<{ close(): Promise<void> }> {
  const refuse = (kind: FailureKind, why: string, cause?: unknown) =>
    new ExecutionFailure(kind, `the state folder ${path} cannot be used: ${why}`, { cause });
  const owners = join(path, "owners");
  const locks = new Locks(owners, ambient, new Responsive(path, ambient, "choose another folder"));
  let attempt: Attempt;
  try {
    attempt = await locks.tryHold("serve");
  } catch (error) {
    await locks.close().catch(() => undefined);
    const { kind, message } = asFailure(error);
    throw refuse(kind, message, error);
  }
  if ("release" in attempt) {
    const { release } = attempt;
    return {
      async close() {
        await release();
        await locks.close().catch(() => undefined);
        await rmdir(owners).catch(() => undefined); // another service may be about to use it
      },
    };
  }
  await locks.close().catch(() => undefined);
  throw refuse(
    "conflict",
    attempt.holder === "alive"
      ? "another seren-bridge local serves it; end that one, or choose another folder"
      : `another seren-bridge local may serve it, which cannot be seen from here; where none does, remove ${owners}, or choose another folder`,
  );
}

/** Reports every request when its response begins. */
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

  override refusal(head: Omit<LocalRequest, "body">): LocalReply | undefined {
    const refusal = super.refusal(head);
    if (refusal) this.#line(head, refusal.status, 0);
    return refusal;
  }

  override async handle(request: LocalRequest, signal?: AbortSignal): Promise<LocalResponse> {
    const before = this.#ambient.now();
    const response = await super.handle(request, signal);
    this.#line(request, response.drop === true ? "dropped" : response.status, this.#ambient.now() - before);
    return response;
  }

  #line({ method, path }: Omit<LocalRequest, "body">, status: LocalRequestLine["status"], tookMs: number): void {
    const shown = path.startsWith(PUBLISHER_PREFIX) ? path.slice(PUBLISHER_PREFIX.length) : path;
    this.#report({ method, path: shown, status, tookMs });
  }
}

/** Returns the plan of a seed or of a JSON file. Rejects with `invalid_input`. */
async function faultPlan(source: string): Promise<FaultPlan> {
  if (/^\d{1,9}$/.test(source)) return randomFaultPlan(Number(source));
  const refuse = (why: string, cause: unknown) =>
    new ExecutionFailure(
      "invalid_input",
      `the fault plan ${source} ${why}; give a JSON file such as {"rules": [{"kind": "cut", "where": "stream", "frames": 3}]}, or a number as a seed`,
      { cause },
    );
  let value: unknown;
  try {
    const file = await readPlainFile(source, MAX_PLAN_BYTES);
    if (!file) throw refuse("does not exist", undefined);
    value = JSON.parse(textOf(source, file.bytes));
  } catch (error) {
    if (error instanceof ExecutionFailure) throw error;
    throw refuse("cannot be read as JSON", error);
  }
  const plan = FaultPlanSchema.safeParse(value);
  if (!plan.success) throw refuse(`does not fit: ${z.prettifyError(plan.error).replaceAll("\n", " ")}`, plan.error);
  return plan.data;
}
