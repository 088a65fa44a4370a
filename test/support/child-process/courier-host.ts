/** A Dispatch host: every request has id 1, and the next one is sent after the reply. */
import { fileURLToPath } from "node:url";
import {
  COURIER_PROTOCOL_VERSION,
  type CourierEvent,
  CourierEventSchema,
  type CourierResult,
  CourierResultSchema,
  type CourierSession,
} from "#protocols/dispatch-courier";
import { Child, type Exit, type StartOptions } from "./child.ts";
import type { Json, Message } from "./line-check.ts";

export const parcel = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/dispatch/parcels/${name}`, import.meta.url));

/** A request's events and reply. */
export interface Exchange {
  events: CourierEvent[];
  result?: CourierResult;
  error?: { code: string; message: string; number: number };
}

export class CourierHost {
  readonly child: Child;
  #heard = 0;

  constructor(options: StartOptions = {}) {
    this.child = new Child("courier", options);
  }

  /** Sends `courier.<kind>` and returns its events and reply. */
  ask(kind: string, params: Json = {}): Promise<Exchange> {
    this.child.send(request(kind, params));
    return this.heard();
  }

  /** Returns the next message. */
  async next(): Promise<Message> {
    this.#heard += 1;
    return this.child.message(this.#heard - 1);
  }

  /** Returns the next messages up to and including a reply. */
  async heard(): Promise<Exchange> {
    const exchange: Exchange = { events: [] };
    for (;;) {
      const message = await this.next();
      if (message.kind === "notification") exchange.events.push(CourierEventSchema.parse(message.params));
      else return { ...exchange, ...replyOf(message) };
    }
  }

  async open(parcelDir: string): Promise<CourierSession> {
    return sessionOf(await this.ask("open_session", { parcel_dir: parcelDir }));
  }

  run(parcelDir: string, session: object, operation: Json): Promise<Exchange> {
    return this.ask("run", { parcel_dir: parcelDir, session, operation });
  }

  end(): Promise<Exit> {
    return this.child.end();
  }
}

export function request(kind: string, params: Json = {}): Json {
  return {
    jsonrpc: "2.0",
    id: 1,
    method: `courier.${kind}`,
    params: { kind, ...params, protocol_version: COURIER_PROTOCOL_VERSION },
  };
}

export function replyOf(message: Message): Pick<Exchange, "result" | "error"> {
  if (message.kind === "result") return { result: CourierResultSchema.parse(message.result) };
  if (message.kind !== "error") throw new Error("not a reply");
  const data: Json = message.error.data ?? {};
  const { code, message: text } = data.dispatch_error as { code: string; message: string };
  return { error: { code, message: text, number: message.error.code } };
}

/** Returns the session that an exchange ended with. */
export function sessionOf({ result, error }: Exchange): CourierSession {
  if (result?.kind === "session" || result?.kind === "done") return result.session;
  throw new Error(`no session: ${JSON.stringify(error ?? result)}`);
}

/** Returns the assistant's message of a turn. */
export function answerOf({ events, error }: Exchange): string {
  const said = events.find((event) => event.kind === "message");
  if (said?.kind !== "message") throw new Error(`no answer: ${JSON.stringify(error ?? events)}`);
  return said.content;
}

/** Returns the joined deltas of a turn. */
export function streamedOf({ events }: Exchange): string {
  return events.map((event) => (event.kind === "text_delta" ? event.content : "")).join("");
}
