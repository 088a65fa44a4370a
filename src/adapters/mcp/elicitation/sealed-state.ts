/**
 * What `input_required` gives a client to bring back. The client is not trusted with it: a seal shows that it is ours, and for
 * what. The key is that of this process, so a state ends with it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { Ambient } from "../../../support/ambient.ts";
import { parseJson } from "../../../support/objects.ts";
import { JITLESS } from "../../../support/zod.ts";

const VALID_MS = 15 * 60_000;
/** Ours are much shorter. */
const MAX_LENGTH = 4096;

const StateSchema = z.strictObject({
  /** The run that waits. */
  run: z.string(),
  /** Of the question that was shown: `ApprovalQuestion.digest`. */
  digest: z.string(),
  /** The key of the input request. */
  key: z.string(),
  /** Milliseconds since the epoch. */
  until: z.int(),
});
type State = z.output<typeof StateSchema>;

export class StateSeal {
  readonly #ambient: Ambient;
  readonly #secret: string;

  constructor(ambient: Ambient) {
    this.#ambient = ambient;
    this.#secret = ambient.uuid() + ambient.uuid();
  }

  seal(state: Omit<State, "until">): string {
    const text = JSON.stringify({ ...state, until: this.#ambient.now() + VALID_MS } satisfies State);
    const body = Buffer.from(text).toString("base64url");
    return `${body}.${this.#sign(body).toString("base64url")}`;
  }

  /** Returns undefined for what is forged, of another process, or too old. */
  open(sealed: string): State | undefined {
    const [body = "", signature = "", ...rest] = sealed.slice(0, MAX_LENGTH + 1).split(".");
    const given = Buffer.from(signature, "base64url");
    const own = this.#sign(body);
    if (sealed.length > MAX_LENGTH || rest.length > 0 || given.length !== own.length) return undefined;
    if (!timingSafeEqual(given, own)) return undefined;
    const state = StateSchema.safeParse(parseJson(Buffer.from(body, "base64url").toString()), JITLESS);
    return state.success && state.data.until > this.#ambient.now() ? state.data : undefined;
  }

  #sign(body: string): Buffer {
    return createHmac("sha256", this.#secret).update(body).digest();
  }
}
