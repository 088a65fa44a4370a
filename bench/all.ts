/** The benchmarks, in the order of the table. */
import { coldStart } from "./b01-cold-start.ts";
import { releaseStart } from "./b02-release-start.ts";
import { oneShot } from "./b03-one-shot.ts";
import { throughput } from "./b04-throughput.ts";
import { latency } from "./b05-latency.ts";
import { turn } from "./b06-turn.ts";
import { manyRuns } from "./b07-many-runs.ts";
import { longRun } from "./b08-long-run.ts";
import { cancel } from "./b09-cancel.ts";
import { idleMemory } from "./b10-idle-memory.ts";
import { secondReply } from "./b11-second-reply.ts";
import { dispatchRun } from "./b12-dispatch.ts";
import { prompt } from "./b13-prompt.ts";
import { burst } from "./b14-burst.ts";
import { packageSize } from "./b15-package.ts";
import { rustCourier } from "./p1-rust-courier.ts";
import { typeScriptPeer } from "./p2-typescript-peer.ts";
import type { Benchmark } from "./support/benchmark.ts";

export const BENCHMARKS: readonly Benchmark[] = [
  coldStart,
  releaseStart,
  oneShot,
  throughput,
  latency,
  turn,
  manyRuns,
  longRun,
  cancel,
  idleMemory,
  secondReply,
  dispatchRun,
  prompt,
  burst,
  packageSize,
];

/** Programs of others, measured when the environment says where they are. */
export const SIDE_BY_SIDE: readonly Benchmark[] = [rustCourier, typeScriptPeer];
