/** A small swarm; swarm.campaign.ts has one of the size that Roder allows. */
import { describeSwarm } from "./swarm.ts";

describeSwarm({ size: 16, lines: 66 });
