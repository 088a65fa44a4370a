/** A failure that has a code and data of its own in this protocol. */
import { ExecutionFailure, type FailureKind } from "../../support/failure.ts";

export class ProtocolError extends ExecutionFailure {
  readonly code: number;
  readonly data: object;
  constructor(kind: FailureKind, message: string, { code, data }: { code: number; data: object }) {
    super(kind, message);
    this.code = code;
    this.data = data;
  }
}
