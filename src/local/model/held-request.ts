/** What a run holds until the inbox has decided it: a request to a host that is not allowed, or an approval of another kind. */

/** The members of the inbox entry that depend on its kind. */
export type HeldDetails =
  | {
      kind: "blocked_egress";
      request_id: string;
      host: string;
      port: number;
      method: string | null;
      path: string | null;
      reason: string | null;
      details: unknown;
    }
  | { kind: "other"; subkind: string; payload: unknown; reason: string | null };

export interface HeldRequestOptions {
  readonly entryId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly details: HeldDetails;
}

export class HeldRequest {
  readonly entryId: string;
  readonly createdAt: number;
  readonly details: HeldDetails;
  /** Called once, with whether the request was approved. */
  onDecided: ((approved: boolean) => void) | undefined;
  #state: "pending" | "approved" | "denied" | "expired" = "pending";

  constructor({ entryId, createdAt, details }: HeldRequestOptions) {
    this.entryId = entryId;
    this.createdAt = createdAt;
    this.details = details;
  }

  get state(): "pending" | "approved" | "denied" | "expired" {
    return this.#state;
  }

  /** Has no effect on a request that was decided, or whose run has ended. */
  decide(approved: boolean): void {
    if (this.#state !== "pending") return;
    this.#state = approved ? "approved" : "denied";
    this.onDecided?.(approved);
  }

  /** Called when the run ends. */
  expire(): void {
    if (this.#state === "pending") this.#state = "expired";
  }
}
