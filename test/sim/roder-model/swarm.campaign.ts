/** 128 dispatches at once, and tasks that write a megabyte each. */
import { describeSwarm } from "./swarm.ts";

describeSwarm({ size: 128, lines: 524 });
