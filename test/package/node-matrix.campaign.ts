/** The packed tarball on the other supported Nodes, where `npm ci --prefix test/package/nodes` has installed them. */
import { afterAll, beforeAll, describe } from "vitest";
import { describeProgram } from "./installed-program.ts";
import { installed, otherNodes, pack, type Tarball } from "./tarball.ts";

const NODES = otherNodes();
const MISSING = "npm ci --prefix test/package/nodes";

describe.skipIf(NODES.length === 0)(
  `other Nodes${NODES.length === 0 ? ` (skipped: ${MISSING} installs them)` : ""}`,
  () => {
    let tarball: Tarball | undefined;
    let folder = "";
    beforeAll(async () => {
      tarball = await pack();
      folder = await installed(tarball);
    }, 180_000);
    afterAll(() => tarball?.remove());

    for (const node of NODES) describeProgram(node, () => folder);
  },
);
