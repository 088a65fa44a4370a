/** The Dispatch courier: the protocol's methods on the core. */
import { join } from "node:path";
import {
  CapabilitiesParamsSchema,
  COURIER_METHODS,
  type CourierResult,
  InspectParamsSchema,
  OpenSessionParamsSchema,
  ResumeSessionParamsSchema,
  RunParamsSchema,
  ShutdownParamsSchema,
  ValidateParcelParamsSchema,
} from "#protocols/dispatch-courier";
import {
  missingSecrets,
  type OpenedParcel,
  openParcel as openParcelOnDisk,
  type Parcel,
  requireEntrypoint,
  resolveMounts,
} from "../../parcel/index.ts";
import { type EndCause, type Method, method, type ServeOptions } from "../../stdio/index.ts";
import { folderName } from "../../support/folder-name.ts";
import { settleWithin } from "../../support/settle-within.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { inspectParcel, type MadeAhead } from "./inspect.ts";
import { performOperation } from "./operation.ts";
import { keepSession, newSession, requireSameParcel } from "./session.ts";
import type { TurnOptions } from "./turn.ts";
import { namedDeployment } from "./turn-target.ts";
import { toWireError } from "./wire-error.ts";

/** The host kills the process 200 ms after it sent `courier.shutdown`. */
const SHUTDOWN_BUDGET_MS = 120;
/** With giving up what the process holds on disk. */
const RELEASE_BUDGET_MS = 170;
/**
 * Limit when stdin is closed: for confirming a cancel, and for a one-shot request on a large parcel, whose host closes
 * stdin at once and then waits without a limit.
 */
const END_BUDGET_MS = 30_000;

export interface CourierOptions extends TurnOptions {
  stateDir: string;
  /** Starts loading what a turn needs, before its first use. Called after a reply, which loading would hold up. */
  warmUp(): void;
  /** Gives up what this process holds in the state folder. Default: it holds nothing. */
  release?(): Promise<unknown>;
  /** Finds what `dispatch up` made of the parcel with this digest; `shown`: if the service says so at once. Never rejects. */
  madeAhead(digest: string, use: "shown" | "needed"): Promise<MadeAhead | undefined>;
  /** Default: reads and verifies the parcel on disk. Simulations, which do no I/O, replace it. */
  openParcel?(path: string): Promise<OpenedParcel>;
}

export type Courier = Pick<ServeOptions, "methods" | "toWireError" | "onEnd" | "endBudgetMs">;

export function createCourier(options: CourierOptions): Courier {
  const { openParcel = openParcelOnDisk } = options;
  const mountsOf = (parcel: Parcel, sessionId: string) =>
    resolveMounts(parcel, { artifactsDir: join(options.stateDir, "artifacts", folderName(sessionId)) });

  /** A missing secret is reported before the first turn. What was deployed has its own. */
  const requireSecrets = async (opened: OpenedParcel) => {
    const missing = namedDeployment(opened, options) ? undefined : missingSecrets(opened.parcel, options.secret);
    if (missing && !(await options.madeAhead(opened.parcel.manifest.digest, "needed"))) throw missing;
  };

  const methods: Record<string, Method> = {
    [COURIER_METHODS.capabilities]: method(
      CapabilitiesParamsSchema,
      () => ({ kind: "capabilities", capabilities: CAPABILITIES }) satisfies CourierResult,
    ),

    [COURIER_METHODS.validateParcel]: method(ValidateParcelParamsSchema, async ({ parcel_dir }) => {
      const { parcel } = await openParcel(parcel_dir);
      mountsOf(parcel, "validate");
      return { kind: "ok" } satisfies CourierResult;
    }),

    [COURIER_METHODS.inspect]: method(InspectParamsSchema, async ({ parcel_dir }) => {
      const opened = await openParcel(parcel_dir);
      const madeAhead = namedDeployment(opened, options)
        ? undefined
        : await options.madeAhead(opened.parcel.manifest.digest, "shown");
      return {
        kind: "inspection",
        inspection: await inspectParcel(opened, options, madeAhead),
      } satisfies CourierResult;
    }),

    // A host may open dozens of sessions for one parcel without ever taking a turn: a request is made only where secrets are missing.
    [COURIER_METHODS.openSession]: method(OpenSessionParamsSchema, async ({ parcel_dir }, { afterReply }) => {
      afterReply(options.warmUp);
      const opened = await openParcel(parcel_dir);
      const { parcel } = opened;
      await requireSecrets(opened);
      const session = newSession(parcel, [], options.ambient);
      return {
        kind: "session",
        session: { ...session, resolved_mounts: mountsOf(parcel, session.id) },
      } satisfies CourierResult;
    }),

    [COURIER_METHODS.resumeSession]: method(
      ResumeSessionParamsSchema,
      async ({ parcel_dir, session }, { afterReply }) => {
        afterReply(options.warmUp);
        const { parcel } = await openParcel(parcel_dir);
        requireSameParcel(parcel, session);
        return {
          kind: "session",
          session: keepSession(session, parcel, mountsOf(parcel, session.id)),
        } satisfies CourierResult;
      },
    ),

    [COURIER_METHODS.run]: method(RunParamsSchema, async ({ parcel_dir, session, operation }, { wire }) => {
      const opened = await openParcel(parcel_dir);
      requireSameParcel(opened.parcel, session);
      requireEntrypoint(session.entrypoint, operation.kind);
      const kept = keepSession(session, opened.parcel, mountsOf(opened.parcel, session.id));
      return {
        kind: "done",
        session: await performOperation(options, { wire, opened, session: kept }, operation),
      } satisfies CourierResult;
    }),

    // Only the process ends, not the conversation: runs are cancelled, and no deployment is stopped or deleted.
    [COURIER_METHODS.shutdown]: method(ShutdownParamsSchema, async (_, { endAfterReply }) => {
      const { ambient, registry, release } = options;
      const until = ambient.now() + RELEASE_BUDGET_MS;
      const left = await registry.drain("shutdown", SHUTDOWN_BUDGET_MS);
      // The host kills at once when it has the reply; the next start would look for runs that have ended.
      if (left === 0 && release) await settleWithin(ambient, until - ambient.now(), release());
      endAfterReply();
      return { kind: "ok" } satisfies CourierResult;
    }),
  };

  return {
    methods,
    toWireError,
    endBudgetMs: END_BUDGET_MS,
    onEnd: async (cause: EndCause) => {
      await options.registry.drain(cause === "requested" ? "shutdown" : "host", END_BUDGET_MS);
    },
  };
}
