/** Deployments that are being made: by name, once for all requests of this process and by one process of the machine at a time. */
import type { Deployment } from "../../seren/index.ts";
import { SingleFlight } from "../../support/single-flight.ts";
import { type DeploymentNotes, MemoryNotes } from "./deployment-notes.ts";

export class Deploys {
  readonly notes: DeploymentNotes;
  readonly #going = new SingleFlight<Deployment>();

  /** Default: what this process notes for itself. */
  constructor(notes: DeploymentNotes = new MemoryNotes()) {
    this.notes = notes;
  }

  /** Joins the making of `name`, or begins it. `make` is aborted when its last caller has left. */
  join(name: string, signal: AbortSignal, make: (signal: AbortSignal) => Promise<Deployment>): Promise<Deployment> {
    return this.#going.join(name, signal, (whileWanted) =>
      this.notes.exclusively(name, whileWanted, () => make(whileWanted)),
    );
  }
}
