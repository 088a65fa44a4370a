/**
 * What the processes of a machine know of the deployments they make. The service has no idempotency for deployments and its
 * lists lag behind, so that two requests, or two processes, would each make one.
 */
export interface DeploymentNotes {
  /** Runs `work` while no other process of this machine does so for the same name. Rejects as `work` does. */
  exclusively<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Returns what was noted last under this name. Never rejects. */
  read(name: string): Promise<DeploymentNote | undefined>;
  /** Never rejects. */
  write(name: string, note: DeploymentNote): Promise<void>;
  /** Never rejects. */
  remove(name: string): Promise<void>;
}

export interface DeploymentNote {
  /** Absent until the answer to the create call is there: a process that died meanwhile may have made one. */
  id?: string | undefined;
  /** When the create call was sent, in milliseconds since the epoch. */
  at: number;
}

/** Names that are remembered. */
const MAX_NAMES = 1024;

/** Notes of one process. */
export class MemoryNotes implements DeploymentNotes {
  readonly #notes = new Map<string, DeploymentNote>();

  exclusively<T>(_name: string, _signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return work();
  }

  async read(name: string): Promise<DeploymentNote | undefined> {
    return this.#notes.get(name);
  }

  async write(name: string, note: DeploymentNote): Promise<void> {
    this.#notes.delete(name);
    this.#notes.set(name, note);
    const [oldest] = this.#notes.keys();
    if (this.#notes.size > MAX_NAMES && oldest !== undefined) this.#notes.delete(oldest);
  }

  async remove(name: string): Promise<void> {
    this.#notes.delete(name);
  }
}
