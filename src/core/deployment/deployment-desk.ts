/** What a person does with deployments ahead of any run: make, bring about, look, start, stop and delete. */
import type { Deployment, NewDeployment, Rows } from "../../seren/index.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { awaitBuild } from "./build.ts";
import { makeDeployment } from "./make-deployment.ts";
import { type BundleSource, type UploadDoors, uploadBundle } from "./upload-bundle.ts";
import { type Upsert, type Upserted, upsertDeployment } from "./upsert-deployment.ts";

export interface NewNamedDeployment {
  name: string;
  /** May upload what it needs. */
  create(): Promise<NewDeployment>;
}

export class DeploymentDesk {
  readonly #doors: UploadDoors;

  constructor(doors: UploadDoors) {
    this.#doors = doors;
  }

  list(signal: AbortSignal): Promise<Rows<Deployment>> {
    return this.#doors.client.listDeployments({ signal });
  }

  /** Rejects with `not_found`. */
  get(id: string, signal: AbortSignal): Promise<Deployment> {
    return this.#doors.client.getDeployment(id, { signal });
  }

  async start(id: string, signal: AbortSignal): Promise<void> {
    await this.#requireService(id, "started", signal);
    await this.#doors.client.startDeployment(id, { signal });
  }

  async stop(id: string, signal: AbortSignal): Promise<void> {
    await this.#requireService(id, "stopped", signal);
    await this.#doors.client.stopDeployment(id, { signal });
  }

  /** Rejects with `not_found`. */
  remove(id: string, signal: AbortSignal): Promise<void> {
    return this.#doors.client.removeDeployment(id, { signal });
  }

  /** Returns the id under which the service has the archive. */
  upload(bundle: BundleSource, signal: AbortSignal): Promise<string> {
    return uploadBundle(this.#doors, bundle, signal);
  }

  /** Makes a new one, whether or not there are others of the name. */
  make({ name, create }: NewNamedDeployment, signal: AbortSignal): Promise<Deployment> {
    const { client, notes } = this.#doors;
    return notes.exclusively(name, signal, async () => {
      const body = await create();
      const { rows: listed } = await client.listDeployments({ signal });
      const target = { name, create: () => body };
      const made = await makeDeployment({ client, notes, target, listed, shared: false, signal });
      return awaitBuild(client, made, signal);
    });
  }

  upsert(upsert: Upsert, signal: AbortSignal): Promise<Upserted> {
    return upsertDeployment(this.#doors, upsert, signal);
  }

  async #requireService(id: string, what: "started" | "stopped", signal: AbortSignal): Promise<void> {
    const { mode } = await this.get(id, signal);
    if (mode === "always_on" || mode === undefined) return; // the service itself refuses what it cannot do
    throw new ExecutionFailure(
      "unsupported",
      `only always_on deployments can be ${what}, and this one is of the mode ${mode}${
        what === "stopped" ? "; delete it, if it should not run again" : ": it runs when it is asked to"
      }`,
    );
  }
}
