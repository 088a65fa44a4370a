/** Dispatch's side of a courier, as far as the benchmarks need it. */
import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import { Child } from "./child.ts";
import { type Command, PARCEL } from "./places.ts";

export class Courier {
  readonly child: Child;
  #session: unknown;

  constructor(command: Command, env: Record<string, string>) {
    this.child = new Child(command, env);
  }

  async open(): Promise<void> {
    this.#session = (await this.#ask("open_session")).session;
  }

  /** One chat turn. */
  async run(input = "go"): Promise<void> {
    const operation = { kind: "chat", input };
    this.#session = (await this.#ask("run", { session: this.#session, operation })).session;
  }

  #ask(kind: string, params: object = {}): Promise<Record<string, unknown>> {
    return this.child.ask(`courier.${kind}`, {
      kind,
      parcel_dir: PARCEL,
      protocol_version: COURIER_PROTOCOL_VERSION,
      ...params,
    });
  }
}
