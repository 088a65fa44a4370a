/** The operations of `courier.run`: looking into the parcel, which needs no network, or a turn on Seren Cloud. */
import {
  COURIER_EVENT_METHOD,
  type CourierEvent,
  type CourierSession,
  type Operation,
} from "#protocols/dispatch-courier";
import { listLocalTools, type OpenedParcel, resolvePrompt } from "../../parcel/index.ts";
import type { Wire } from "../../stdio/index.ts";
import { assertNever } from "../../support/assert-never.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { afterOperation, readState } from "./session.ts";
import { performTurn, type TurnContext, type TurnOptions } from "./turn.ts";

export interface OperationContext {
  wire: Wire;
  opened: OpenedParcel;
  session: CourierSession;
}

/** Sends the operation's events, `done` last, and returns the session after it. */
export async function performOperation(
  options: TurnOptions,
  { wire, opened, session }: OperationContext,
  operation: Operation,
): Promise<CourierSession> {
  const emit = (event: CourierEvent) => wire.notify(COURIER_EVENT_METHOD, event);
  const after = await performBeforeDone(options, { opened, session, emit }, operation);
  await emit({ kind: "done" });
  return after;
}

async function performBeforeDone(
  options: TurnOptions,
  context: TurnContext,
  operation: Operation,
): Promise<CourierSession> {
  const { emit, session } = context;
  const { parcel, files } = context.opened;
  switch (operation.kind) {
    case "resolve_prompt":
      await emit({ kind: "prompt_resolved", text: await resolvePrompt(parcel, files) });
      return afterOperation(session, readState(session));
    case "list_local_tools":
      await emit({ kind: "local_tools_listed", tools: listLocalTools(parcel) });
      return afterOperation(session, readState(session));
    case "invoke_tool":
      throw new ExecutionFailure(
        "unsupported",
        "seren-cloud does not run a parcel's tools on this machine: the agent runs on Seren Cloud, and the parcel's scripts travel there as files. Use a local courier (native or docker) to try a tool",
      );
    case "chat":
    case "job":
    case "heartbeat":
      return performTurn(options, context, operation);
    default:
      return assertNever(operation);
  }
}
