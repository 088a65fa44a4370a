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
  collectSecrets,
  type OpenedParcel,
  openParcel as openParcelOnDisk,
  type Parcel,
  requireEntrypoint,
  resolveMounts,
} from "../../parcel/index.ts";
import { type EndCause, type Method, method, type ServeOptions } from "../../stdio/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { inspectParcel } from "./inspect.ts";
import { keepSession, newSession, plainName, requireSameParcel } from "./session.ts";
import { performOperation, type TurnOptions } from "./turn.ts";
import { toWireError } from "./wire-error.ts";

/** The host kills 200 ms after it asked for the end. */
const SHUTDOWN_BUDGET_MS = 120;
/**
 * Without a host there is more time, for seeing a cancel through and for a one-shot request on a large parcel: its host
 * closes stdin at once and then waits without a limit.
 */
const END_BUDGET_MS = 30_000;

export interface CourierOptions extends TurnOptions {
  stateDir: string;
  /** Loads what a turn needs, ahead of its first use. */
  warmUp(): void;
  /** For simulations, which do no real I/O. Default: reads and verifies the parcel on disk. */
  openParcel?(path: string): Promise<OpenedParcel>;
}

export type Courier = Pick<ServeOptions, "methods" | "toWireError" | "onEnd" | "endBudgetMs">;

export function createCourier(options: CourierOptions): Courier {
  const { openParcel = openParcelOnDisk } = options;
  const mountsOf = (parcel: Parcel, sessionId: string) =>
    resolveMounts(parcel, { artifactsDir: join(options.stateDir, "artifacts", plainName(sessionId)) });
  const answer = (result: CourierResult): CourierResult => result;

  const methods: Record<string, Method> = {
    [COURIER_METHODS.capabilities]: method(CapabilitiesParamsSchema, () =>
      answer({ kind: "capabilities", capabilities: CAPABILITIES }),
    ),

    [COURIER_METHODS.validateParcel]: method(ValidateParcelParamsSchema, async ({ parcel_dir }) => {
      const { parcel } = await openParcel(parcel_dir);
      mountsOf(parcel, "validate");
      return answer({ kind: "ok" });
    }),

    [COURIER_METHODS.inspect]: method(InspectParamsSchema, async ({ parcel_dir }) =>
      answer({ kind: "inspection", inspection: inspectParcel(await openParcel(parcel_dir), options) }),
    ),

    // Cheap and free of charge: it may be called dozens of times for one parcel, and nobody may ever take a turn.
    [COURIER_METHODS.openSession]: method(OpenSessionParamsSchema, async ({ parcel_dir }) => {
      options.warmUp();
      const { parcel } = await openParcel(parcel_dir);
      collectSecrets(parcel, options.secret); // said now, not in the middle of the first turn
      const session = newSession(parcel, [], options.ambient);
      return answer({ kind: "session", session: { ...session, resolved_mounts: mountsOf(parcel, session.id) } });
    }),

    [COURIER_METHODS.resumeSession]: method(ResumeSessionParamsSchema, async ({ parcel_dir, session }) => {
      options.warmUp();
      const { parcel } = await openParcel(parcel_dir);
      requireSameParcel(parcel, session);
      return answer({ kind: "session", session: keepSession(session, parcel, mountsOf(parcel, session.id)) });
    }),

    [COURIER_METHODS.run]: method(RunParamsSchema, async ({ parcel_dir, session, operation }, { wire }) => {
      const opened = await openParcel(parcel_dir);
      requireSameParcel(opened.parcel, session);
      requireEntrypoint(session.entrypoint, operation.kind);
      const kept = keepSession(session, opened.parcel, mountsOf(opened.parcel, session.id));
      return answer({ kind: "done", session: await performOperation(options, wire, opened, kept, operation) });
    }),

    // The host is gone soon, the conversation is not: runs are cancelled, nothing is stopped or deleted.
    [COURIER_METHODS.shutdown]: method(ShutdownParamsSchema, async (_, { endAfterReply }) => {
      await options.registry.drain("shutdown", SHUTDOWN_BUDGET_MS);
      endAfterReply();
      return answer({ kind: "ok" });
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
