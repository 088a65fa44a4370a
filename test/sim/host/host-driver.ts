/** What the simulation needs of a host, whatever it speaks. */
import type { Json, Message } from "../../support/child-process/line-check.ts";
import type { GroundTruth } from "../ground-truth.ts";
import type { HostRequest } from "./host-recorder.ts";

export interface HostDriver {
  /** Whether everything that was planned has happened and was answered. */
  readonly done: boolean;
  begin(): void;
  /** Leaves in order. */
  shutDown(): void;
  heard(method: string, params: Json): void;
  /** A question of the program. */
  asked?(message: Extract<Message, { kind: "request" }>): void;
  answered?(message: Extract<Message, { kind: "result" | "error" }>, request: HostRequest): void;
  /** Compares what the host was told with what is so. Default: `checkHost` knows the host. */
  check?(truth: GroundTruth): string[];
}
