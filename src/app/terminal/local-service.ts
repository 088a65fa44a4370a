/** The embedded Seren Cloud as a server, for the terminal's `local` command. */
import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
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
import { claim } from "../../state/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure, type FailureKind } from "../../support/failure.ts";
import { makeFolder } from "../../support/make-folder.ts";
import { readPlainFileSync, textOf } from "../../support/plain-file.ts";
import { systemReason } from "../../support/system-error.ts";

const MAX_PLAN_BYTES = 4 * 1024 * 1024;

export async function serveLocal(options: LocalOptions, config: Config, ambient: Ambient): Promise<LocalServer> {
  const { port, key = `local-${ambient.uuid()}`, faults, state, onRequest, onOdd, onProblem } = options;
  const plan = faults === undefined ? undefined : faultPlan(faults);
  const endpoint = config.model();
  const model = endpoint && (await import("../model-endpoint.ts")).endpointAgent(endpoint, config, ambient);
  const owned = state === undefined ? undefined : await ownFolder(state);
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
async function ownFolder(path: string): Promise<{ close(): Promise<void> }> {
  const refuse = (kind: FailureKind, why: string, cause?: unknown) =>
    new ExecutionFailure(kind, `the state folder ${path} cannot be used: ${why}`, { cause });
  await makeFolder(path);
  const real = await realpath(path);
  let owned: { close(): Promise<void> } | undefined;
  try {
    owned = await claim(real, createHash("sha256").update(real).digest("hex").slice(0, 16));
  } catch (error) {
    throw refuse("invalid_input", `no socket can be made in it (${systemReason(error)}); choose another folder`, error);
  }
  if (owned) return owned;
  throw refuse("conflict", "another seren-bridge local serves it; end that one, or choose another folder");
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

/** Returns the plan of a seed or of a JSON file. Throws `invalid_input`. */
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
    const file = readPlainFileSync(source, MAX_PLAN_BYTES);
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
