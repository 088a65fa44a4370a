/** Notices of the processes of one environment: their claims outlive processes, and what was sent is counted. */
import { NOTICE_EVENTS, type Notice } from "../../src/core/notices/notice.ts";
import { Notices } from "../../src/core/notices/notices.ts";
import type { SeededRandom } from "../support/in-process/seeded-random.ts";
import type { ProcessAmbient } from "./process-ambient.ts";
import type { Trace } from "./trace.ts";

export class SimulatedNotices {
  /** In the order in which they were sent. */
  readonly sent: (Notice & { at: number })[] = [];
  readonly #claimed = new Set<string>();
  readonly #random: SeededRandom;
  readonly #trace: Trace;

  constructor(random: SeededRandom, trace: Trace) {
    this.#random = random;
    this.#trace = trace;
  }

  /** Returns the notices of one process. */
  of(owner: ProcessAmbient): Notices {
    const later = () =>
      new Promise<void>((resolve) => {
        owner.networkClock.timer(this.#random.int(1, 50), () => {
          if (owner.alive) resolve();
        });
      });
    return new Notices({
      host: "sim",
      events: new Set(NOTICE_EVENTS),
      costMark: 1,
      ambient: owner,
      clean: (text) => text,
      claims: {
        ready: () => later().then(() => true),
        claim: (name) => {
          if (this.#claimed.has(name)) return false;
          this.#claimed.add(name);
          return true;
        },
      },
      send: (notice) => {
        this.sent.push({ ...notice, at: owner.now() });
        this.#trace.note(`${owner.now()} notice ${notice.event} ${notice.run.runId}`);
        return later();
      },
    });
  }

  /** Returns when notices of the run's end were sent. */
  endsOf(id: string): number[] {
    return this.sent.filter(({ event, run }) => run.runId === id && ENDS.has(event)).map(({ at }) => at);
  }
}

const ENDS: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);
