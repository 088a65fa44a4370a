/** A desk on an embedded service, in virtual time; several of them are several machines, or several processes of one. */
import type { DeploymentNotes } from "../../../../src/core/deployment/deployment-notes.ts";
import { MemoryNotes } from "../../../../src/core/deployment/deployment-notes.ts";
import type { Upsert } from "../../../../src/core/deployment/upsert-deployment.ts";
import { DeploymentDesk } from "../../../../src/core/engine.ts";
import type { LocalCloudOptions } from "../../../../src/local/index.ts";
import type { HttpTransport } from "../../../../src/seren/http/transport.ts";
import { SerenClient } from "../../../../src/seren/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { Calls } from "../../../support/in-process/local-calls.ts";

/** What one machine wants: a member of the family `night`, told from others by its digit. */
export const nightly = (digit: string, changes: object = {}): Upsert => ({
  stem: "night",
  spec: digit.repeat(8),
  create: async (name) => ({
    name,
    mode: "job",
    skill_slug: "night",
    workload: { execution: { type: "llm", bundle: { instructions: [{ kind: "skill", content: digit }] } } },
    ...changes,
  }),
});

export class DeskWorld {
  readonly calls: Calls;
  /** Method and path of every request, in order. */
  readonly asked: string[] = [];

  constructor(options: Partial<LocalCloudOptions> = {}) {
    this.calls = new Calls(options);
  }

  desk(notes: DeploymentNotes = new MemoryNotes()): DeploymentDesk {
    const client = new SerenClient(this.#transport(), this.calls.ambient);
    const put = async () => {
      throw new Error("nothing is uploaded here");
    };
    return new DeploymentDesk({ client, notes, put });
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.calls.ambient.runUntil(work);
  }

  /** Names and statuses of what exists, oldest first. */
  async existing(): Promise<string[]> {
    const { body } = await this.calls.get("/deployments");
    return body.data.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`);
  }

  #transport(): HttpTransport {
    const request: HttpTransport["request"] = async ({ method, path, body, signal }) => {
      signal.throwIfAborted();
      this.asked.push(`${method} ${path.replace(/[0-9a-f-]{36}/g, "*").split("?")[0]}`);
      const response = await this.calls.raw(method, path, { signal, ...(body === undefined ? {} : { body }) });
      if (response.drop) throw new ExecutionFailure("unavailable", "the connection broke");
      if (typeof response.body !== "string") throw new Error("a stream");
      return { status: response.status, headers: response.headers, body: response.body };
    };
    const openStream = () => Promise.reject(new Error("no streams here"));
    return { request, openStream, close: async () => undefined };
  }
}
