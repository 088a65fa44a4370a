/**
 * The Dispatch deployment plugin: the protocol's methods on the core. A process serves one operation, and its input ends right
 * behind the request: that is not a cancel, and nothing stops because of it. Requests are answered in their order.
 */
import * as wire from "#protocols/dispatch-deployment";
import { DEPLOYMENT_METHODS, type DeploymentResult } from "#protocols/dispatch-deployment";
import type { DeploymentDesk, Upserted } from "../../core/index.ts";
import { slug } from "../../parcel/index.ts";
import { type EndCause, type Method, method, type ServeOptions } from "../../stdio/index.ts";
import { timeoutSignal } from "../../support/abort.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { CAPABILITIES, PLUGIN_ID } from "./capabilities.ts";
import { type ConnectionSettings, type Place, readConnection, requireService, shownBase } from "./connection.ts";
import { filterOf } from "./filters.ts";
import { ownName, stemOf } from "./names.ts";
import { listReplyOf, replyOf } from "./replies.ts";
import { type ComposedSpec, type SpecSources, withComposedSpec } from "./spec/compose-spec.ts";
import { specHash } from "./spec/spec-hash.ts";
import { refusal, toWireError } from "./wire-error.ts";

/** The host waits without a limit: for an upload, for another process of this machine, and ten minutes for a build. */
const OPERATION_LIMIT_MS = 45 * 60_000;
/** Longer than that, so that a reply of its own ends each operation. */
const END_BUDGET_MS = OPERATION_LIMIT_MS + 5 * 60_000;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const INSTEAD = "change the spec and run `dispatch up .`";

export interface DeploymentPluginOptions extends SpecSources {
  connection: ConnectionSettings;
  /** Called for an operation that needs the service. */
  connect: (place: Place) => Promise<DeploymentDesk>;
  /** Aborted when a person interrupts the host, whose input has ended long before. */
  interrupted: AbortSignal;
}

export type DeploymentPlugin = Pick<ServeOptions, "methods" | "toWireError" | "onEnd" | "endBudgetMs">;

export function createDeploymentPlugin(options: DeploymentPluginOptions): DeploymentPlugin {
  const { connection, connect, interrupted, ambient } = options;
  const gone = new AbortController();
  let place: Place = {};
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: a reply that overtakes another one is not the reply that the host waits for. */
  const inTurn = <T>(work: () => Promise<T> | T): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };

  const withDesk = async <T>(work: (desk: DeploymentDesk, signal: AbortSignal) => Promise<T>): Promise<T> => {
    requireService(place, connection);
    const limit = timeoutSignal(ambient, OPERATION_LIMIT_MS, gone.signal);
    try {
      limit.signal.throwIfAborted();
      return await work(await connect(place), limit.signal);
    } catch (error) {
      if (!limit.signal.aborted || error instanceof ExecutionFailure) throw error;
      throw new ExecutionFailure("timed_out", "it was not done in time; look with `seren-bridge deployments list`");
    } finally {
      limit.release();
    }
  };

  const withSpec = <T>(spec: unknown, work: (spec: ComposedSpec) => Promise<T>): Promise<T> =>
    withComposedSpec(spec, options, ({ issues, spec: composed }) => {
      if (composed) return work(composed);
      const [first] = issues ?? [];
      const where = first?.field === undefined ? "the spec" : first.field;
      const more = (issues?.length ?? 0) > 1 ? ` (and ${(issues?.length ?? 0) - 1} more)` : "";
      throw refusal("invalid_spec", `${where}: ${first?.message ?? "cannot be used"}${more}`, {
        ...(first?.field === undefined ? {} : { field: first.field }),
        issues: issues ?? [],
      });
    });

  const run = (work: () => Promise<DeploymentResult> | DeploymentResult) => inTurn(work);
  const unimplemented = (what: string) => () =>
    run(() => {
      throw refusal("unimplemented", `Seren Cloud has no ${what}; ${INSTEAD}`);
    });

  const methods: Record<string, Method> = {
    [DEPLOYMENT_METHODS.capabilities]: method(wire.CapabilitiesParamsSchema, () =>
      run(() => ({ kind: "capabilities", capabilities: CAPABILITIES })),
    ),

    [DEPLOYMENT_METHODS.configure]: method(wire.ConfigureParamsSchema, ({ config }) =>
      run(() => {
        place = readConnection(config, connection);
        const base = shownBase(place, connection);
        const extensions: Record<string, string> = base === undefined ? {} : { base_url: base };
        return { kind: "configured", configuration: { deployment_plugin_id: PLUGIN_ID, extensions } };
      }),
    ),

    [DEPLOYMENT_METHODS.health]: method(wire.HealthParamsSchema, ({ config }) =>
      run(async () => {
        if (config !== undefined && config !== null) place = readConnection(config, connection);
        return withDesk(async (desk, signal) => {
          try {
            await desk.list(signal);
            return { kind: "health", health: { reachable: true } };
          } catch (error) {
            const { kind, message } = asFailure(error);
            if (kind !== "unavailable" && kind !== "rate_limited" && kind !== "contract") throw error;
            return { kind: "health", health: { reachable: false, message } };
          }
        });
      }),
    ),

    [DEPLOYMENT_METHODS.validate]: method(wire.ValidateParamsSchema, ({ spec }) =>
      run(() =>
        withComposedSpec(spec, options, ({ issues = [] }) => ({
          kind: "validation",
          result: { ok: issues.length === 0, issues: [...issues] },
        })),
      ),
    ),

    [DEPLOYMENT_METHODS.deploy]: method(wire.DeployParamsSchema, ({ spec }) =>
      run(() => withSpec(spec, (composed) => withDesk((desk, signal) => deploy(desk, composed, signal)))),
    ),

    [DEPLOYMENT_METHODS.upsert]: method(wire.UpsertParamsSchema, ({ name, spec }) =>
      run(() => withSpec(spec, (composed) => withDesk((desk, signal) => upsert(desk, name, composed, signal)))),
    ),

    [DEPLOYMENT_METHODS.get]: method(wire.GetParamsSchema, ({ deployment_id }) =>
      run(() =>
        withDesk(async (desk, signal) => ({
          kind: "deployment_detail",
          deployment: replyOf(await desk.get(knownForm(deployment_id), signal)),
        })),
      ),
    ),

    [DEPLOYMENT_METHODS.list]: method(wire.ListParamsSchema, ({ filters }) =>
      run(() => {
        const fits = filterOf(filters);
        return withDesk(async (desk, signal) => ({
          kind: "deployment_list",
          deployments: listReplyOf((await desk.list(signal)).rows.filter(fits)),
        }));
      }),
    ),

    [DEPLOYMENT_METHODS.start]: method(wire.StartParamsSchema, ({ deployment_id }) =>
      run(() => withDesk((desk, signal) => done(desk.start(knownForm(deployment_id), signal)))),
    ),
    [DEPLOYMENT_METHODS.stop]: method(wire.StopParamsSchema, ({ deployment_id }) =>
      run(() => withDesk((desk, signal) => done(desk.stop(knownForm(deployment_id), signal)))),
    ),
    [DEPLOYMENT_METHODS.delete]: method(wire.DeleteParamsSchema, ({ deployment_id }) =>
      run(() => withDesk((desk, signal) => done(desk.remove(knownForm(deployment_id), signal)))),
    ),

    [DEPLOYMENT_METHODS.testRun]: method(wire.TestRunParamsSchema, unimplemented("test runs of a spec")),
    [DEPLOYMENT_METHODS.previewUpdate]: method(
      wire.PreviewUpdateParamsSchema,
      unimplemented("updates of a deployment"),
    ),
    [DEPLOYMENT_METHODS.update]: method(wire.UpdateParamsSchema, unimplemented("updates of a deployment")),
    [DEPLOYMENT_METHODS.listRevisions]: method(
      wire.ListRevisionsParamsSchema,
      unimplemented("revisions of a deployment"),
    ),
    [DEPLOYMENT_METHODS.previewRollback]: method(
      wire.PreviewRollbackParamsSchema,
      unimplemented("revisions of a deployment"),
    ),
    [DEPLOYMENT_METHODS.rollback]: method(wire.RollbackParamsSchema, unimplemented("revisions of a deployment")),

    [DEPLOYMENT_METHODS.shutdown]: method(wire.ShutdownParamsSchema, (_, { endAfterReply }) =>
      run(() => {
        endAfterReply();
        return { kind: "ok" };
      }),
    ),
  };

  const stop = () =>
    gone.abort(new ExecutionFailure("cancelled", "interrupted; the next `dispatch up .` finishes what is left"));
  interrupted.addEventListener("abort", stop, { once: true });
  return {
    methods,
    toWireError,
    endBudgetMs: END_BUDGET_MS,
    onEnd: async (cause: EndCause) => {
      if (cause === "signal" || cause === "broken_pipe") stop();
    },
  };
}

async function deploy(desk: DeploymentDesk, spec: ComposedSpec, signal: AbortSignal): Promise<DeploymentResult> {
  const own = slug(spec.name ?? spec.title);
  const name = spec.name ?? ownName(spec.title, await hashOf(spec, own), spec.digest);
  const create = async () => spec.request(name, { slug: own, bundleId: await uploaded(desk, spec, signal) });
  return { kind: "deployment", deployment: replyOf(await desk.make({ name, create }, signal), { notes: spec.notes }) };
}

async function upsert(
  desk: DeploymentDesk,
  label: string,
  spec: ComposedSpec,
  signal: AbortSignal,
): Promise<DeploymentResult> {
  const stem = stemOf(label);
  const create = async (name: string) =>
    spec.request(name, { slug: stem, bundleId: await uploaded(desk, spec, signal) });
  const member = { stem, spec: await hashOf(spec, stem), digest: spec.digest };
  const upserted = await desk.upsert({ ...member, create }, signal);
  requireUnscheduled(upserted);
  return { kind: "deployment", deployment: replyOf(upserted.deployment, { notes: spec.notes, upserted }) };
}

/** The host shows nothing of a success but its id, and a schedule that goes on costs money: it is an error, although the rest is done. */
function requireUnscheduled({ deployment, left }: Upserted): void {
  const scheduled = left.filter(({ isScheduled }) => isScheduled);
  const [first] = scheduled;
  if (!first) return;
  const { id, name, cronSchedule = "", cronTimezone = "UTC" } = first.deployment;
  throw refusal(
    "still_scheduled",
    `${deployment.name ?? "what you asked for"} (${deployment.id}) serves, but ${name ?? "an earlier one"} (${id}), which it replaces, would go on with its schedule ${cronSchedule} ${cronTimezone}: ${first.why}. Run \`dispatch up .\` again when that has ended, or delete it together with its run: dispatch deployment delete seren-cloud ${id}`,
    { deployment_id: deployment.id, still_scheduled: scheduled.map((one) => one.deployment.id) },
  );
}

function hashOf(spec: ComposedSpec, ownSlug: string): Promise<string> {
  return specHash(spec.request("", { slug: ownSlug, bundleId: spec.bundle?.sha256 }));
}

async function uploaded(
  desk: DeploymentDesk,
  { bundle }: ComposedSpec,
  signal: AbortSignal,
): Promise<string | undefined> {
  return bundle && desk.upload(bundle, signal);
}

/** An id of another form is none, and becomes no part of a URL. */
function knownForm(id: string): string {
  if (UUID.test(id)) return id.toLowerCase();
  throw new ExecutionFailure(
    "not_found",
    "there is no such deployment: an id has the form of a UUID; see `seren-bridge deployments list`",
  );
}

async function done(work: Promise<void>): Promise<DeploymentResult> {
  await work;
  return { kind: "ok" };
}
