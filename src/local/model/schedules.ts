/** The runs that deployments of the mode `cron` start by themselves, each at its minute. */
import type { Ambient } from "../../support/ambient.ts";
import { parseCron, type Schedule } from "./cron.ts";
import { type Deployment, statusOf } from "./deployments.ts";
import type { RunStore } from "./run-store.ts";

/** Timers end at 24 days; a later minute is looked at again. */
const MAX_WAIT_MS = 24 * 60 * 60_000;

export class Schedules {
  readonly #ambient: Ambient;
  readonly #runs: RunStore;
  readonly #timers = new Map<string, () => void>();

  constructor(ambient: Ambient, runs: RunStore) {
    this.#ambient = ambient;
    this.#runs = runs;
  }

  /** Starts the runs of a deployment from now on. Does nothing for one of another mode. */
  add(deployment: Deployment): void {
    const { mode, cron_schedule: expression, cron_timezone: zone } = deployment.body;
    const schedule = mode === "cron" && expression ? parseCron(expression, zone ?? "UTC") : undefined;
    if (schedule) this.#wait(deployment, schedule, schedule.nextAfter(this.#ambient.now()));
  }

  remove({ id }: Deployment): void {
    this.#timers.get(id)?.();
    this.#timers.delete(id);
  }

  /** The service may end while it waits. */
  #wait(deployment: Deployment, schedule: Schedule, due: number | undefined): void {
    if (due === undefined) return;
    const left = due - this.#ambient.now();
    const ring = () => {
      const now = this.#ambient.now();
      if (now < due) return this.#wait(deployment, schedule, due);
      if (statusOf(deployment, now) === "running") this.#runs.start(deployment, {}, { source: "scheduler" });
      this.#wait(deployment, schedule, schedule.nextAfter(now));
    };
    this.#timers.set(deployment.id, this.#ambient.timer(Math.min(left, MAX_WAIT_MS), ring, { unref: true }));
  }
}
