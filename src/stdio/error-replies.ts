/** What was thrown or refused → the error that the host gets, in the words and codes of its adapter. */
import { ResponseError } from "vscode-jsonrpc/node";
import { ERROR_CODES } from "#protocols/json-rpc";
import { clipBytes } from "../support/clip.ts";
import { asFailure, ExecutionFailure } from "../support/failure.ts";
import type { LineProblem } from "./incoming.ts";
import type { ServeOptions, WireError } from "./wire.ts";

/** How much of a method's name, which comes from the host, is repeated. */
const MAX_NAME_BYTES = 200;
const MAX_STACK_BYTES = 400;

export class UnknownMethod extends Error {
  constructor(name: string) {
    super(clipBytes(name, MAX_NAME_BYTES));
  }
}

/** Never throws: an adapter whose table fails costs its own text only. */
export function toWireError(table: ServeOptions["toWireError"], thrown: unknown): WireError {
  if (thrown instanceof UnknownMethod) return look(table, "unknown_method", thrown.message);
  const failure = asFailure(thrown);
  return look(table, failure, failure.message);
}

/** The error for a line that is no request. Never throws. */
export function toLineError(table: ServeOptions["toWireError"], problem: LineProblem, detail: string): WireError {
  return look(table, problem, detail);
}

function look(
  table: ServeOptions["toWireError"],
  failure: Parameters<ServeOptions["toWireError"]>[0],
  detail: string,
): WireError {
  try {
    return table(failure, detail);
  } catch {
    return { code: ERROR_CODES.internalError, message: detail };
  }
}

export const toResponseError = ({ code, message, data }: WireError) => new ResponseError(code, message, data);

/** What is worth a log line about an error that was not planned for; undefined for one that was. */
export function describeUnforeseen(error: unknown): string | undefined {
  if (error instanceof ExecutionFailure || error instanceof UnknownMethod) return undefined;
  const text = error instanceof Error ? (error.stack ?? error.message) : typeof error;
  return clipBytes(text, MAX_STACK_BYTES);
}
